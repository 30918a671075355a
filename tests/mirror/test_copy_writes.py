"""Only mirror/store/ writes the copy and only mirror/breaker.py how flinkey is; everybody else reads them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from flinkey_admin.mirror import models
from tests.project.source import PRODUCT, parse, place, product_files

STORE = sorted((PRODUCT / "mirror" / "store").glob("*.py"))
ERASURE = PRODUCT / "node" / "persons" / "erasure.py"  # takes a person out of every table there is
BREAKER = PRODUCT / "mirror" / "breaker.py"
WRITES = {
    *("save", "delete", "create", "update", "bulk_create", "bulk_update", "get_or_create", "update_or_create"),
    *("asave", "adelete", "acreate", "aupdate", "select_for_update", "set", "add", "remove", "clear"),
}
COPY = {"Listing", "Group", "Car", "User", "Service", "Product", "Membership", "Window", "THINGS"}
RECORDS = {"Group", "Car", "User", "Service", "Product"}  # flinkey's records have the same names and are no rows
ROWS = re.compile(r"\b(live|things|windows|matching|listing|listings|membership|memberships|row|rows)\b")
UPSTREAM = re.compile(r"\bUpstream\b")


def names(tree: ast.AST, wanted: set[str]) -> dict[str, str]:
    """What the file calls the models that it imports: "Group as GroupRow" counts as well."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "flinkey_admin.mirror.models":
            found |= {alias.asname or alias.name: alias.name for alias in node.names if alias.name in wanted}
    return found


def writes(path: Path, wanted: set[str], rows: re.Pattern[str] | None, tree: ast.AST | None = None) -> Iterator[str]:
    """Calls that may write a row of these models, by their name or by what gives their rows."""
    tree = tree or parse(path)
    known = names(tree, wanted)
    model = re.compile(rf"\b(models\.)?({'|'.join(map(re.escape, known))})\b") if known else None
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Attribute) and node.func.attr in WRITES:
            receiver = ast.unparse(node.func.value)
            by_name = model and model.search(receiver)
            by_row = rows and (known or "queries" in ast.unparse(tree)[:4000]) and rows.search(receiver)
            if by_name or (by_row and node.func.attr not in {"set", "add", "remove", "clear"}):
                yield f"{place(path, node)} {ast.unparse(node.func)}"
        if isinstance(node.func, ast.Name) and node.func.id in known:
            yield f"{place(path, node)} {node.func.id}(…)"


def others(*owners: Path) -> list[Path]:
    paths = [path for path in product_files() if path not in owners]
    return [path for path in paths if not {"sandbox", "flinkey"} & set(path.relative_to(PRODUCT).parts)]


def test_nobody_else_writes_the_copy() -> None:
    assert [found for path in others(*STORE, ERASURE) for found in writes(path, COPY, ROWS)] == []


def test_nobody_else_writes_how_flinkey_is() -> None:
    assert [found for path in others(BREAKER) for found in writes(path, {"Upstream"}, UPSTREAM)] == []


def test_every_table_of_the_copy_is_watched() -> None:
    tables = {name for name in vars(models) if isinstance(getattr(models, name), type)}
    rows = {name for name in tables if hasattr(getattr(models, name), "objects")}
    here = {name for name in rows if getattr(models, name).__module__ == models.__name__}
    assert here == (COPY | {"Upstream"}) - {"THINGS"}


def test_nobody_names_its_tables() -> None:
    """As SQL would have to."""
    assert [path.name for path in others() if "mirror_" in path.read_text(encoding="utf-8")] == []


@pytest.mark.parametrize(
    ("paths", "wanted", "seen"),
    [
        (
            STORE,
            COPY,
            {"Listing.objects.bulk_create", "Window.objects.bulk_update", "Window.objects.bulk_create"},
        ),
        ([BREAKER], {"Upstream"}, {"Upstream.objects.bulk_create", "Upstream.objects.filter(pk=1).update"}),
    ],
)
def test_the_owners_are_seen_writing(paths: list[Path], wanted: set[str], seen: set[str]) -> None:
    """So that the tests above cannot pass by being blind."""
    assert seen <= {found.split(" ", 1)[1] for path in paths for found in writes(path, wanted, ROWS)}


def test_a_writer_elsewhere_would_be_seen() -> None:
    tree = ast.parse(
        "from flinkey_admin.mirror.models import Group as GroupRow, Listing, THINGS\n"
        "from flinkey_admin.flinkey.records import Car\n"
        "GroupRow.objects.filter(pk=1).update(name='x')\nlive(GroupRow, scope).delete()\n"
        "row.save()\nListing(name='x')\nTHINGS[kind].objects.create()\nthings(kind, scope).update(groups=1)\n"
        "Car(1, 'x')\nseen.add(1)\nkept.update(a=1)\nSelection.objects.create()\nGroupRow.objects.get(pk=1)\n"
    )
    found = {one.split(":", 1)[1] for one in writes(PRODUCT / "urls.py", COPY, ROWS, tree)}
    assert found == {
        "3 GroupRow.objects.filter(pk=1).update",
        "4 live(GroupRow, scope).delete",
        "5 row.save",
        "6 Listing(…)",
        "7 THINGS[kind].objects.create",
        "8 things(kind, scope).update",
    }
