"""The project as text: its files, modules, imports and settings, for the tests that hold rules about them."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PRODUCT = ROOT / "flinkey_admin"
NO_DEFAULT = object()
BARE = {"PATH": os.environ.get("PATH", os.defpath)}
STARTED = [sys.executable, "-c", "import django; django.setup()"]


def product_files() -> list[Path]:
    """Every module of the product, the sandbox included, migrations not."""
    return sorted(path for path in PRODUCT.rglob("*.py") if "migrations" not in path.parts)


def module_of(path: Path) -> str:
    """The dotted name of a module's file."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def layer_of(module: str) -> str:
    """The package right under flinkey_admin, or the module there."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports(path: Path, tree: ast.AST | None = None) -> Iterator[str]:
    """The full names of what a file imports, wherever in it: module by module, or name by name after a `from`."""
    package = module_of(path) if path.name == "__init__.py" else module_of(path).rpartition(".")[0]
    for node in ast.walk(tree or parse(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            base = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
            whole = ".".join(part for part in (base, node.module or "") if part)
            yield from (f"{whole}.{alias.name}" for alias in node.names)


def place(path: Path, node: ast.AST) -> str:
    """Where something stands, as an editor understands it."""
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}"


@dataclass(frozen=True)
class Variable:
    """A variable that settings.py reads. `default` is as written: a literal, an expression's text or NO_DEFAULT."""

    name: str
    kind: str
    default: object


def variables() -> dict[str, Variable]:
    """What settings.py reads from the environment. Read in two ways (DEBUG or not), production's way counts."""
    found: dict[str, Variable] = {}
    for node in ast.walk(parse(PRODUCT / "settings.py")):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if not (isinstance(node.func.value, ast.Name) and node.func.value.id == "env" and node.args):
            continue
        one = Variable(str(ast.literal_eval(node.args[0])), node.func.attr, _default(node))
        if one.name not in found or one.default is NO_DEFAULT:
            found[one.name] = one
    return found


def of_the_start() -> set[str]:
    """What is read from the environment before the settings are, and is no setting."""
    nodes = [node for name in ("launch.py", "places.py", "cli.py") for node in ast.walk(parse(PRODUCT / name))]
    calls = [node for node in nodes if isinstance(node, ast.Call) and ast.unparse(node.func) == "os.environ.get"]
    return {str(ast.literal_eval(call.args[0])) for call in calls} - set(variables())


def _default(call: ast.Call) -> object:
    if len(call.args) == 1:
        return NO_DEFAULT
    try:
        return ast.literal_eval(call.args[1])
    except ValueError:
        return ast.unparse(call.args[1])


def start(env: dict[str, str], command: list[str] | None = None) -> subprocess.CompletedProcess[str]:
    """Runs a command, by default Django's start, in the root and with this environment only."""
    whole = {**BARE, "DJANGO_SETTINGS_MODULE": "flinkey_admin.settings", **env}
    return subprocess.run(
        command or STARTED, env=whole, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
