"""Where the source names the customer: each such place gets a switch, by which it is left out."""

import ast
from dataclasses import dataclass, field
from pathlib import Path

LOOKUPS = {"filter", "exclude", "get", "update_or_create", "Q"}
NAMES = {"customer", "customer_id", "customer__flinkey_id"}
KEPT = {"customer", "customer_id"}
ELSEWHERE = {"sandbox", "migrations", "flinkey", "web"}
# Makes rows, and looks for none.
MAKES = {"flinkey_admin/operations/journal/elsewhere.py", "flinkey_admin/accounts/stash.py"}

# The module that every switch asks. ACTIVE: the place that is left out just now. HIT: the places that were passed.
SWITCH = """
ACTIVE, HIT = "", set()

def left_out(site):
    HIT.add(site)
    return site == ACTIVE

def only(site, **named):
    return {} if left_out(site) else named

def rows(site, scoped, found, scope):
    return found if left_out(site) else scoped(found, scope)

def key(site, value):
    return 0 if left_out(site) else value

def truth(site, without, value):
    return without if left_out(site) else value
"""


@dataclass
class Switches(ast.NodeTransformer):
    """Puts the switches into one file; `sites` are the places met, by file, line and text."""

    file: str
    sites: list[str] = field(default_factory=list)

    def _site(self, node: ast.expr) -> ast.Constant:
        self.sites.append(f"{self.file}:{node.lineno}: {ast.unparse(node)[:100]}")
        return ast.Constant(self.sites[-1])

    def visit_Call(self, node: ast.Call) -> ast.AST:
        site = ast.copy_location(self._site(node), node) if self._names(node) else None
        self.generic_visit(node)
        if site is None:
            return node
        if isinstance(node.func, ast.Name) and node.func.id == "scoped":
            return _ask("rows", site, node.func, *node.args)
        node.keywords = [ast.keyword(None, _named(site, one)) if one.arg in NAMES else one for one in node.keywords]
        return node

    def _names(self, node: ast.Call) -> bool:
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return called == "scoped" or (called in LOOKUPS and any(one.arg in NAMES for one in node.keywords))

    def visit_Dict(self, node: ast.Dict) -> ast.AST:
        for place, name in enumerate(node.keys):
            if isinstance(name, ast.Constant) and name.value in KEPT and self.file not in MAKES:
                kept = _named(self._site(node), ast.keyword(name.value, node.values[place]))
                node.keys[place], node.values[place] = None, kept
        self.generic_visit(node)
        return node

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.AST:
        if "customer" in ast.unparse(node.value):
            node.value = _ask("key", self._site(node.value), node.value)
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        text, of_set = ast.unparse(node), isinstance(node.comparators[0], ast.SetComp)
        if "customer" in text and (isinstance(node.ops[0], ast.Eq | ast.NotEq) or of_set):
            return _ask("truth", self._site(node), ast.Constant(isinstance(node.ops[0], ast.Eq)), node)
        self.generic_visit(node)
        return node

    def visit_Tuple(self, node: ast.Tuple) -> ast.AST:
        node.elts = [
            _ask("key", self._site(one), one) if isinstance(one, ast.Attribute) and one.attr == "customer_id" else one
            for one in node.elts
        ]
        self.generic_visit(node)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        if node.name != "__str__":  # what is printed is no key
            self.generic_visit(node)
        return node


def _ask(question: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Attribute(ast.Name("dropping", ast.Load()), question, ast.Load()), list(arguments), [])


def _named(site: ast.expr, keyword: ast.keyword) -> ast.Call:
    call = _ask("only", site)
    call.keywords = [ast.keyword(keyword.arg, keyword.value)]
    return call


def switch_all(root: Path) -> list[str]:
    """Puts switches into the copy of the source at `root`; returns all places."""
    sites = []
    (root / "flinkey_admin" / "dropping.py").write_text(SWITCH)
    for path in sorted((root / "flinkey_admin").rglob("*.py")):
        file = path.relative_to(root)
        if ELSEWHERE.isdisjoint(file.parts) and path.name not in {"dropping.py", "launch.py"}:
            tree, switches = ast.parse(path.read_text()), Switches(file.as_posix())
            switches.visit(tree)
            if switches.sites:
                tree.body.insert(_first(tree), ast.ImportFrom("flinkey_admin", [ast.alias("dropping")], 0))
                path.write_text(ast.unparse(ast.fix_missing_locations(tree)))
                sites += switches.sites
    return sites


def _first(tree: ast.Module) -> int:
    """Where the imports begin: after the docstring."""
    return 1 if tree.body and isinstance(tree.body[0], ast.Expr) else 0
