"""Only operations/journal writes the journal; everybody else reads it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.project.source import PRODUCT, parse, place, product_files

WRITES = {
    *("save", "delete", "create", "update", "bulk_create", "bulk_update", "get_or_create", "update_or_create"),
    *("asave", "adelete", "acreate", "aupdate", "select_for_update", "set", "add", "remove", "clear"),
}
JOURNAL = re.compile(r"\b(Operation|Step|Webhook|operations?|steps?|webhooks?|_set)\b")
MODELS = re.compile(r"\b(Operation|Step|Webhook)\b")
JOURNALS = PRODUCT / "operations" / "journal"
FIELDS = {"state", "settled_at", "lease_until", "open_key", "finished_at", "started_at", "next_check_at", "hint"}


def writes(path: Path, tree: ast.AST | None = None) -> Iterator[str]:
    """Calls that may write a row of the journal, and assignments to its fields."""
    for node in ast.walk(tree or parse(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITES:
            receiver = ast.unparse(node.func.value)
            rows = MODELS.search(receiver) or (".objects" in receiver and JOURNAL.search(receiver))
            of_a_row = node.func.attr in {"save", "delete", "update"} and JOURNAL.search(receiver)
            if rows or of_a_row:
                yield f"{place(path, node)} {ast.unparse(node.func)}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and MODELS.fullmatch(node.func.id):
            yield f"{place(path, node)} {ast.unparse(node.func)}(…)"
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Attribute) and target.attr in FIELDS and JOURNAL.search(ast.unparse(target)):
                    yield f"{place(path, node)} {ast.unparse(target)} ="


def test_nobody_else_writes_the_journal() -> None:
    others = [path for path in product_files() if JOURNALS not in path.parents]
    others = [path for path in others if "sandbox" not in path.parts and "flinkey" not in path.parts]
    assert [found for path in others for found in writes(path)] == []


def test_the_journal_itself_is_seen_writing() -> None:
    """So that the test above cannot pass by being blind."""
    mine = [path for path in product_files() if JOURNALS in path.parents]
    seen = {found.split(" ", 1)[1] for path in mine for found in writes(path)}
    assert {
        "Operation.objects.create",
        "Step.objects.bulk_create",
        "Step.objects.filter(pk__in=keys).update",
        "Webhook.objects.get_or_create",
    } <= seen


def test_a_writer_elsewhere_would_be_seen() -> None:
    tree = ast.parse(
        "operation.steps.filter(pk=1).update(state='x')\nstep.save()\nstep.state = 'x'\nOperation(kind='x')\n"
        "Operation.objects.filter(pk=1).delete()\n"
        "context.update(a=1)\nflinkey.groups.delete(1)\nSelection.objects.create()\n"
    )
    found = {one.split(":", 1)[1] for one in writes(PRODUCT / "urls.py", tree)}
    assert found == {
        "1 operation.steps.filter(pk=1).update",
        "2 step.save",
        "3 step.state =",
        "4 Operation(…)",
        "5 Operation.objects.filter(pk=1).delete",
    }
