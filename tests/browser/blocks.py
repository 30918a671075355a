"""A font that draws every sign as the same block: what is drawn with it looks the same on every machine.

Pictures of words differ by the fonts that are installed; of blocks they differ only by size, place and colour, which
is what a stylesheet says.
"""

import base64
import io

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

EM, WIDTH, HEIGHT = 1000, 560, 620
SIGNS = [*range(0x20, 0x17F), *range(0x2000, 0x27C0)]


def _block() -> object:
    pen = TTGlyphPen(None)
    pen.moveTo((60, 0))
    for corner in ((60, HEIGHT), (WIDTH - 60, HEIGHT), (WIDTH - 60, 0)):
        pen.lineTo(corner)
    pen.closePath()
    return pen.glyph()


def style() -> str:
    """A stylesheet that puts the blocks in place of both fonts of the product."""
    font = FontBuilder(EM)
    empty = TTGlyphPen(None).glyph()
    font.setupGlyphOrder([".notdef", "space", "block"])
    font.setupCharacterMap({sign: "space" if sign in {0x20, 0xA0} else "block" for sign in SIGNS})
    font.setupGlyf({".notdef": _block(), "space": empty, "block": _block()})
    font.setupHorizontalMetrics(dict.fromkeys((".notdef", "space", "block"), (WIDTH, 0)))
    font.setupHorizontalHeader(ascent=900, descent=-250)
    font.setupNameTable({"familyName": "Blocks", "styleName": "Regular"})
    font.setupOS2(sTypoAscender=900, sTypoDescender=-250, usWinAscent=900, usWinDescent=250)
    font.setupPost()
    file = io.BytesIO()
    font.save(file)
    data = base64.b64encode(file.getvalue()).decode()
    return (
        f'@font-face {{ font-family: Blocks; src: url("data:font/ttf;base64,{data}"); font-weight: 100 900 }}'
        ":root { --sans: Blocks; --mono: Blocks } * { caret-color: transparent !important } .skip { display: none }"
    )
