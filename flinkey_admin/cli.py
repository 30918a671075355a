"""The console command flinkey-admin: one word for each thing that whoever runs this installation does.

`python manage.py` is the same without the three words that start several processes, and with Django's own `check`.
"""

import ast
import os
import sys
from importlib.metadata import PackageNotFoundError, version
from io import StringIO
from pathlib import Path

from dotenv import load_dotenv

from flinkey_admin import launch
from flinkey_admin.places import PACKAGE, SETTINGS_FILE

STARTS = {
    "serve": "Start the dashboard and its workers for production, behind a reverse proxy",
    "web": "Start the dashboard alone, for one of several nodes",
    "workers": "Start the workers alone, for one of several nodes",
    "run": "Start the dashboard and its workers over plain HTTP, for this machine only",
    "demo": "Start everything on a made-up fleet, to try it: needs no settings",
}
OF_DJANGO = {"migrate": "Make the database, or bring it to what this version needs"}
SANDBOX = {"sandbox": "Start an imitation of the flinkey API, for any client: needs no settings"}
# Said on the command line by a plain word; Django has taken that word for its own.
CALLED = {"checkup": "check"}
TOLD = {"version": "Say which version this is", "help": "Show this list"}
WITHOUT_SETTINGS = {"demo", *SANDBOX}
HELP = {"", "help", "-h", "--help"}


def main(arguments: list[str] | None = None) -> int:
    """Does what the first word says. Gives the exit code: 0 when all is well."""
    word, *rest = (sys.argv[1:] if arguments is None else arguments) or [""]
    if word in HELP and not rest:
        print(listing())  # noqa: T201
        return 0
    if word in {"version", "--version"}:
        print(f"flinkey admin {release()}")  # noqa: T201
        return 0
    if word not in WITHOUT_SETTINGS and (unreadable := read_settings_file()):
        print(unreadable, file=sys.stderr)  # noqa: T201
        return 1
    os.umask(0o077)  # the database and whatever else it makes is for its user alone, whoever types the word
    if word in STARTS:
        return _start(word, rest)
    own_names = {ours: django for django, ours in CALLED.items()}
    return manage(["flinkey-admin", own_names.get(word, word), *rest])


def manage(argv: list[str]) -> int:
    """Runs one command of Django's command line, or the sandbox. A setting that is wrong is said in words."""
    if argv[1:2] == ["sandbox"]:
        # The sandbox imports nothing of the project and must run where the dashboard is not configured.
        from flinkey_admin.sandbox.cli import main as sandbox

        return sandbox(argv[2:])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flinkey_admin.settings")
    # Not before it is known that Django is wanted: it takes half a second to load.
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(argv)
    except ImproperlyConfigured as wrong:
        # Whoever sets this up reads what to write, not where Python noticed.
        print(wrong, file=sys.stderr)  # noqa: T201
        return 1
    return 0


def read_settings_file() -> str:
    """Puts into the environment what the file of settings says and the environment does not.

    Gives what is wrong with the file, or nothing. systemd reads the same file, so that a command that is typed finds
    what the service runs with.
    """
    try:
        text = SETTINGS_FILE.read_text(encoding="utf-8")
    except FileNotFoundError:
        return f"There is no file {SETTINGS_FILE}." if os.environ.get("SETTINGS_FILE") else ""
    except OSError:
        return f"{SETTINGS_FILE} cannot be read by this user. Run the command as the user of the service, or as root."
    except UnicodeDecodeError:
        return f"{SETTINGS_FILE} is no text in UTF-8."
    load_dotenv(stream=StringIO(text), interpolate=False)
    return ""


def _start(mode: str, rest: list[str]) -> int:
    if rest:
        asked = set(rest) <= {"-h", "--help"}
        print(f"flinkey-admin {mode}: {STARTS[mode]}.\n{launch.ENVIRONMENT}", file=sys.stdout if asked else sys.stderr)
        return 0 if asked else 2
    return launch.main(mode)


def release() -> str:
    """The version that is installed."""
    try:
        return version("flinkey-admin")
    except PackageNotFoundError:
        return "from a folder that is not installed"


def listing() -> str:
    """Every command with what it does, a line each."""
    parts = {"Start it": {**STARTS, **SANDBOX}, "Look after it": dict(sorted({**OF_DJANGO, **own_commands()}.items()))}
    lines = ["flinkey-admin COMMAND [OPTIONS]: what a command takes, flinkey-admin COMMAND --help tells"]
    for title, commands in {**parts, "And": TOLD}.items():
        lines += ["", title, *(f"  {name:<12} {what}" for name, what in commands.items())]
    return "\n".join(lines)


def own_commands() -> dict[str, str]:
    """The management commands of this project by the name on the command line, with their help.

    Read from the files: the list must be there before anything is configured, and Django loads nothing until then.
    """
    found = {}
    for path in PACKAGE.glob("*/management/commands/[!_]*.py"):
        found[CALLED.get(path.stem, path.stem)] = _help(path)
    return found


def _help(path: Path) -> str:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assign) and [getattr(one, "id", "") for one in node.targets] == ["help"]:
            return str(ast.literal_eval(node.value))
    return ""
