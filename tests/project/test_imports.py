"""The import order of the design, held: who may know whom, who may talk to flinkey."""

import ast
import sys
from pathlib import Path

import pytest

from tests.project.source import PRODUCT, ROOT, imports, layer_of, module_of, parse, place, product_files

# flinkey -> upstream -> web -> accounts -> operations -> mirror -> fleet | assignments -> node -> urls
BELOW = {
    "flinkey": set(),
    "upstream": {"flinkey"},
    "web": {"flinkey", "upstream", "places"},
    "accounts": {"flinkey", "upstream", "web"},
    "operations": {"flinkey", "upstream", "web", "accounts"},
    "mirror": {"flinkey", "upstream", "web", "accounts", "operations"},
    "fleet": {"flinkey", "upstream", "web", "accounts", "operations", "mirror"},
    "assignments": {"flinkey", "upstream", "web", "accounts", "operations", "mirror"},
    "node": {
        "checks",
        "places",
        "flinkey",
        "upstream",
        "web",
        "accounts",
        "operations",
        "mirror",
        "fleet",
        "assignments",
    },
    "urls": {"flinkey", "upstream", "web", "accounts", "operations", "mirror", "fleet", "assignments", "node"},
    # Beside the order
    "": set(),
    "sandbox": set(),
    "checks": set(),
    "formats": set(),
    "settings": {"checks", "places"},
    "wsgi": {"web"},
    "places": set(),
    "launch": {"places"},
    "cli": {"launch", "places", "sandbox"},
    "__main__": {"cli"},
}
# Inside a feature: pure modules -> services -> forms -> views
PURE = {"plans", "windows", "rows", "converters", "models", "titles", "timeline"}
INNER = ["services", "forms", "views"]
NETWORK = {"requests", "urllib3", "httpx", "aiohttp", "socket", "http", "urllib.request", "asyncio"}


def ours(path: Path, tree: ast.AST | None = None) -> set[str]:
    return {name for name in imports(path, tree) if name.split(".")[0] == "flinkey_admin"}


def test_every_package_has_its_place_in_the_order() -> None:
    assert {layer_of(module_of(path)) for path in product_files()} == set(BELOW)


@pytest.mark.parametrize("layer", sorted(BELOW))
def test_a_layer_knows_only_what_is_below_it(layer: str) -> None:
    files = [path for path in product_files() if layer_of(module_of(path)) == layer]
    wrong = [
        f"{module_of(path)} imports {name}"
        for path in files
        for name in ours(path)
        if layer_of(name) not in BELOW[layer] | {layer}
    ]
    assert wrong == []


def test_the_order_would_notice_a_wrong_import() -> None:
    """The same reading that the tests above rely on, on a file that breaks the rules in every way there is."""
    tree = ast.parse(
        "import requests\nfrom flinkey_admin import fleet\nfrom ..fleet import views\n"
        "def late():\n    from flinkey_admin.sandbox import Remote\n"
    )
    found = set(imports(PRODUCT / "web" / "views.py", tree))
    assert found == {
        "requests",
        "flinkey_admin.fleet",
        "flinkey_admin.fleet.views",
        "flinkey_admin.sandbox.Remote",
    }
    assert {layer_of(name) for name in found if name.startswith("flinkey_admin")} == {"fleet", "sandbox"}


@pytest.mark.parametrize("feature", ["accounts", "operations", "mirror", "fleet", "assignments", "node"])
def test_inside_a_feature_pure_modules_come_first_and_views_last(feature: str) -> None:
    wrong = []
    for path in (PRODUCT / feature).glob("*.py"):
        own = path.stem
        forbidden = set(INNER) if own in PURE else set(INNER[INNER.index(own) + 1 :]) if own in INNER else set()
        known = {name.split(".")[2] for name in ours(path) if name.startswith(f"flinkey_admin.{feature}.")}
        wrong += [f"{feature}.{own} imports {name}" for name in known & forbidden]
    assert wrong == []


def test_only_the_client_talks_to_flinkey() -> None:
    """launch.py waits for its own children on loopback; the sandbox is the other side."""
    networked = {
        layer_of(module_of(path))
        for path in product_files()
        for name in imports(path)
        if any(name == one or name.startswith(f"{one}.") for one in NETWORK)
    }
    assert networked <= {"flinkey", "sandbox", "launch"}
    by_requests = {
        module_of(path)
        for path in product_files()
        for name in imports(path)
        if name.split(".")[0] in {"requests", "urllib3"}
    }
    assert {layer_of(module) for module in by_requests} == {"flinkey"}


def test_only_the_transport_sends() -> None:
    """One door out: no other module of the client holds a session or calls the library's verbs."""
    senders = {
        module_of(path)
        for path in product_files()
        for name in imports(path)
        if name in {"requests.Session", "requests.adapters.HTTPAdapter"} or name == "requests"
    }
    assert senders <= {"flinkey_admin.flinkey.transport", "flinkey_admin.flinkey.wire"}


@pytest.mark.parametrize("name", ["sandbox", "launch", "places"])
def test_what_runs_without_django_needs_the_standard_library_only(name: str) -> None:
    files = [path for path in product_files() if layer_of(module_of(path)) == name]
    foreign = {
        f"{module_of(path)} imports {one}"
        for path in files
        for one in imports(path)
        if one.split(".")[0] not in sys.stdlib_module_names
        and not one.startswith((f"flinkey_admin.{name}", "flinkey_admin.places"))
    }
    assert files
    assert foreign == set()


def test_nobody_but_the_command_line_knows_the_sandbox() -> None:
    knowing = [
        path.relative_to(ROOT).as_posix()
        for path in [*product_files(), ROOT / "manage.py"]
        if layer_of(module_of(path)) != "sandbox"
        and any(name.startswith("flinkey_admin.sandbox") for name in imports(path))
    ]
    assert knowing == ["flinkey_admin/cli.py"]


def test_an_import_inside_a_function_carries_its_reason() -> None:
    """A comment right above it, or the docstring of the function."""
    bare = []
    for path in [*product_files(), ROOT / "manage.py"]:
        lines = path.read_text(encoding="utf-8").splitlines()
        functions = [node for node in ast.walk(parse(path)) if isinstance(node, ast.FunctionDef)]
        for node in {one for function in functions for one in ast.walk(function)}:
            if not isinstance(node, ast.Import | ast.ImportFrom):
                continue
            above = lines[node.lineno - 2].strip()
            if not above.startswith(("#", "from ", "os.environ.setdefault")):
                bare.append(place(path, node))
    assert bare == []
