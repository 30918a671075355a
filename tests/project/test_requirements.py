"""requirements.txt, with which a release is installed: the pinned versions of constraints.txt, all of them, by hash."""

import re
import tomllib
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from tests.project.source import ROOT

TEXT = (ROOT / "requirements.txt").read_text(encoding="utf-8")
EXTRAS = ("postgres", "redis")


def entries() -> dict[NormalizedName, tuple[Requirement, list[str]]]:
    """Each requirement with its hashes."""
    found = {}
    for line in re.sub(r"\\\n\s*", "", TEXT).splitlines():
        wanted, *hashes = re.split(r"\s+--hash=", line)
        requirement = Requirement(wanted)
        found[canonicalize_name(requirement.name)] = requirement, hashes
    return found


def constraints() -> dict[NormalizedName, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pairs}


def asked() -> list[str]:
    """What the product itself asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [*project["dependencies"], *(line for one in EXTRAS for line in project["optional-dependencies"][one])]


def needed(lines: list[str], extras: frozenset[str] = frozenset()) -> set[NormalizedName]:
    """All that is needed on this machine for these, by what the installed packages say of themselves."""
    found = set()
    for wanted in map(Requirement, lines):
        if wanted.marker is None or any(wanted.marker.evaluate({"extra": one}) for one in ("", *extras)):
            found |= {canonicalize_name(wanted.name)}
            found |= needed(metadata.requires(wanted.name) or [], frozenset(wanted.extras))
    return found


def test_each_is_pinned_to_what_the_tests_run_with_and_named_by_its_hashes() -> None:
    pinned = constraints()
    assert len(entries()) > 30
    for name, (requirement, hashes) in entries().items():
        assert str(requirement.specifier) == f"=={pinned[name]}", name
        assert requirement.url is None, name
        assert hashes, name
        assert [one for one in hashes if not re.fullmatch(r"sha256:[0-9a-f]{64}", one)] == [], name


def test_it_names_no_place() -> None:
    assert re.findall(r"://|--index|--find|--trusted", TEXT) == []


def test_nothing_is_missing_and_nothing_is_too_much() -> None:
    """On this machine; what only another Python or system needs is marked so."""
    here = {name for name, (one, _hashes) in entries().items() if one.marker is None or one.marker.evaluate()}
    assert here == needed(asked())


def test_what_only_debian_12_needs_is_in_it() -> None:
    """It has Python 3.11.2, and redis needs a package there that 3.11.3 has within it."""
    one, _hashes = entries()[canonicalize_name("async-timeout")]
    assert one.marker
    assert one.marker.evaluate({"python_full_version": "3.11.2"})
    assert not one.marker.evaluate({"python_full_version": "3.12.3"})
