"""Plates stay on one line wherever a sentence names them."""

import pytest
from django.template.loader import render_to_string


@pytest.mark.parametrize(
    ("sentence", "plates"),
    [
        ("Move Pool 2 · HH-FK 1302 from Hamburg to Berlin", ["HH-FK 1302"]),
        ("Pool 1 · HH-FK 1234 statt B-WE 7E, M-Ä 12H", ["HH-FK 1234", "B-WE 7E", "M-Ä 12H"]),
        ("Move 2 cars from E-Autos 3 <b> to VW-Pool", []),
    ],
)
def test_no_line_ends_within_a_plate(sentence: str, plates: list[str]) -> None:
    shown = render_to_string("web/_sentence.html", {"sentence": sentence})
    whole = sentence.replace("<b>", "&lt;b&gt;")
    for plate in plates:
        whole = whole.replace(plate, f'<span class="nowrap">{plate}</span>')
    assert shown == whole
