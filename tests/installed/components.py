"""The list of components (SBOM) of a release: `make release` runs this on the file that SBOM names."""

import json
import os
import re
import tomllib
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from tests.project.source import ROOT
from tests.project.test_requirements import entries

TEXT = Path(os.environ["SBOM"]).read_text(encoding="utf-8")
LISTED: dict[str, Any] = json.loads(TEXT)


def test_each_package_that_a_release_is_installed_with_is_in_it_and_no_other() -> None:
    here = {name: one for name, (one, _hashes) in entries().items() if one.marker is None or one.marker.evaluate()}
    assert len(here) > 30
    found = {canonicalize_name(one["name"]): f"=={one['version']}" for one in LISTED["components"]}
    assert found == {name: str(one.specifier) for name, one in here.items()}


def test_it_says_of_what_it_is_the_list() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    about = LISTED["metadata"]["component"]
    assert (about["name"], about["version"]) == (project["name"], project["version"])
    assert [one.name.split("-")[1] for one in Path(os.environ["SBOM"]).parent.glob("*.whl")] == [about["version"]]


def test_it_says_under_which_licence_each_is() -> None:
    assert [one["name"] for one in LISTED["components"] if not one.get("licenses")] == []


def test_it_names_no_place_of_the_machine_that_made_it() -> None:
    assert re.findall(rf'file:|"/|{re.escape(str(ROOT))}|{re.escape(str(Path.home()))}', TEXT) == []
