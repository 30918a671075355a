"""The sandbox against its own papers: the contract, the README, and standing on its own feet."""

import ast
from dataclasses import fields
from pathlib import Path

import yaml

import flinkey_admin.sandbox
from flinkey_admin.sandbox import Remote
from flinkey_admin.sandbox.changes import CHANGES
from flinkey_admin.sandbox.control import COMMANDS
from flinkey_admin.sandbox.faults import KINDS
from flinkey_admin.sandbox.routes import ROUTES
from flinkey_admin.sandbox.scenarios import BUILDERS
from flinkey_admin.sandbox.settings import Settings

HOME = Path(flinkey_admin.sandbox.__file__).parent


def test_every_operation_of_the_contract_and_no_other() -> None:
    contract = yaml.safe_load((HOME / "openapi.yaml").read_text())
    listed = {
        (operation["operationId"], verb.upper(), "400" in operation["responses"])
        for path in contract["paths"].values()
        for verb, operation in path.items()
        if verb != "parameters"
    }
    assert {(route.operation, route.method, route.says_400) for route in ROUTES} == listed
    assert len(ROUTES) == 30


def test_the_readme_names_everything() -> None:
    readme = (HOME / "README.md").read_text()
    names = [*CHANGES, *KINDS, *BUILDERS, *(field.name for field in fields(Settings))]
    names += ["revoke_manager", "uninstall_box"]
    assert [name for name in names if f"`{name}`" not in readme] == []
    assert [name for name in COMMANDS if f"`{name}(" not in readme] == []


def test_each_command_has_a_method() -> None:
    assert [name for name in COMMANDS if not hasattr(Remote, name)] == []


def test_it_imports_nothing_of_the_project() -> None:
    for file in HOME.rglob("*.py"):
        depth = len(file.relative_to(HOME).parts)
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom):
                assert node.level <= depth, file
                assert not (node.module or "").startswith(("flinkey_admin", "django")), file
            elif isinstance(node, ast.Import):
                assert not any(name.name.startswith(("flinkey_admin", "django")) for name in node.names), file
