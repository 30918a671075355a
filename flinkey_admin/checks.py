"""What a setting may be, and the sentence for somebody who wrote something else.

What is unsafe or cannot work refuses to start. What may be meant so is a line of `flinkey-admin check`.
"""

import base64
import os
import re
import secrets
import ssl
from collections.abc import Callable, Collection, Mapping, MutableMapping
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from environs import EnvError, EnvValidationError, ValidationError

HINTS = {
    "ALLOWED_HOSTS": "the names people type to reach the dashboard, separated by commas: fleet.example.com",
    "CACHE_URL": "locmem:// (one node), or redis://:password@host:6379/0 (Redis or Valkey)",
    "DATABASE_URL": "sqlite:////path/to/file, or postgres://user:password@host/name",
    "DEBUG": "true or false",
    "DEMO_SIGN_IN": "an e-mail address, a space and a password; leave it out, it is for make demo alone",
    "FLINKEY_API_KEY": "the flinkey-API-Key of the flinkey portal's developer page",
    "FLINKEY_API_URL": "https://api.flinkey.de/v3 (plain http:// only for this machine)",
    "FLINKEY_CALLS_PER_SECOND": "the calls a second that reading ahead may use up: 20",
    "FLINKEY_CA_BUNDLE": "the path of a file of certificates; leave it out for those of the system",
    "FLINKEY_PROXY": "http://proxy.example.com:3128; leave it out to reach flinkey directly",
    "FLINKEY_TIMEOUT": "the seconds to wait for an answer of flinkey: 20",
    "FLINKEY_WEBHOOK_SECRET": "the secret that was set for webhooks in the flinkey portal",
    "FLINKEY_WEBHOOK_SECRET_OLD": "the secret before that one, while the portal is being changed; else leave it out",
    "LANGUAGE_CODE": "en or de; leave it out to follow the browser",
    "LOG_FORMAT": "line, or json for a log that a machine reads",
    "METRICS_TOKEN": "at least 20 random characters, which Prometheus sends; leave it out for no metrics",
    "RETENTION_DAYS": "the days for which the history of changes is kept, at least 30: 540",
    "SECRET_KEY": "at least 50 random characters: python3 -c 'import secrets; print(secrets.token_urlsafe(50))'",
    "SECRET_KEY_OLD": "the SECRET_KEY before this one, until rotate_keys has run; else leave it out",
    "SERIES_WINDOWS": "how many accesses a series gives at most: 500",
    "SESSION_HOURS": "the hours after which everybody signs in again: 12",
    "SESSION_IDLE_MINUTES": "the minutes without a click after which a manager signs in again: 45",
    "SWEEP_MINUTES": "the minutes after which everything is read from flinkey again: 10",
    "TIME_ZONE": "a name such as Europe/Berlin",
    "TOKEN_KEYS": "one or more keys, newest first, separated by commas: python3 -c "
    "'import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())'",
    "TRUSTED_PROXIES": "the number of reverse proxies in front of the dashboard: 0, 1, 2",
    "URL_PREFIX": "the path below which the dashboard is reached: /flinkey; leave it out if it has a name of its own",
    "VAR_DIR": "the path of a folder that this user may write to",
}


HOST = re.compile(r"\.?[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]", re.IGNORECASE)
PREFIX = re.compile(r"(/[A-Za-z0-9_-]+)+")
# What each kind of address needs beside the wheel, and the extra that brings it.
DATABASES = {"sqlite": ("", ""), "postgres": ("psycopg", "postgres"), "postgresql": ("psycopg", "postgres")}
CACHES = {"locmem": ("", ""), "redis": ("redis", "redis"), "rediss": ("redis", "redis")}


class Wrong(dict[str, str]):
    """What is wrong by the variable's name, with what to write: filled by one check after the other, told at once.

    aside: variables without which the others can be read; whoever tells puts them back.
    """

    def __init__(self) -> None:
        super().__init__()
        self.aside: dict[str, str] = {}

    def add(self, name: str, problem: str, hint: str = "") -> None:
        """The first problem of a variable is told; `hint` only where HINTS has none."""
        known = HINTS.get(name.removesuffix("_FILE"), "see the table of settings in docs/configure.md")
        said = f"is wrong ({problem})" if problem else "is missing"
        self.setdefault(name, f"{name} {said}. Write: {hint or known}")

    def told(self) -> str:
        """The whole message."""
        lines = [f"  {line}" for line in self.values()]
        return "\n".join(
            ["flinkey admin does not start:", *lines, "Each may also be given as NAME_FILE, a file's path."]
        )


def of_environment(environ: MutableMapping[str, str]) -> Wrong:
    """Files that cannot be read, which are put aside, and names that are almost ours but that nothing reads."""
    wrong = Wrong()
    for name in HINTS:
        path = environ.get(f"{name}_FILE")
        if path and not (Path(path).is_file() and os.access(path, os.R_OK)):
            wrong.add(f"{name}_FILE", "not a readable file", "the path of a file that this user may read")
            wrong.aside[f"{name}_FILE"] = environ.pop(f"{name}_FILE")
    for name in mistyped(environ, "FLINKEY_", 0.8):
        near = get_close_matches(name, HINTS, 1, 0.8)[0]
        wrong.add(name, "nothing reads it", f"{near} instead, or leave it out")
    return wrong


def mistyped(environ: Mapping[str, str], beginning: str, likeness: float) -> list[str]:
    """The variables that begin so and are no setting, but so much like one (1: the same) that one is meant."""
    known = {*HINTS, *(f"{name}_FILE" for name in HINTS)}
    named = sorted(name for name in environ if name.startswith(beginning) and name not in known)
    return [name for name in named if get_close_matches(name, HINTS, 1, likeness)]


def of_reading(wrong: Wrong, error: EnvError) -> None:
    """Adds what environs could not read or a check below has refused."""
    found = error.error_messages if isinstance(error, EnvValidationError) else {"": [str(error)]}
    for name, problems in (found if isinstance(found, dict) else {"": list(found)}).items():
        if f"{name}_FILE" not in wrong:
            wrong.add(name, "" if "not set" in str(problems[0]) else str(problems[0]))


def of_secrets(wrong: Wrong, values: Mapping[str, str | list[str] | None]) -> None:
    """Adds each secret that is another one too: who learns one of them must not have learnt the other.

    The one before (…_OLD) serves the same purpose, and so may be the same.
    """
    seen: dict[str, str] = {}
    for name, value in values.items():
        purpose = name.removesuffix("_OLD")
        for one in [value] if isinstance(value, str) else value or []:
            if one and seen.setdefault(one, purpose) != purpose:
                wrong.add(name, f"the same as {seen[one]}")


def of_folders(wrong: Wrong, var_dir: Path, database: Any) -> None:
    """Adds the folders that this user cannot write to: VAR_DIR, and the one of a SQLite database elsewhere."""
    if problem := _unwritable(var_dir):
        wrong.add("VAR_DIR", problem)
    is_file = "sqlite3" in str((database or {}).get("ENGINE"))
    folder = Path(str(database["NAME"])).parent if is_file else var_dir
    if folder.is_absolute() and folder != var_dir and (problem := _unwritable(folder)):
        wrong.add("DATABASE_URL", problem)


def _unwritable(folder: Path) -> str:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return f"{folder} is no folder and cannot be made one by this user"
    return "" if os.access(folder, os.W_OK | os.X_OK) else f"this user may not write to {folder}"


def local_secret(path: Path, *, fernet: bool = False) -> str:
    """A secret made at the first start on this machine and kept in `path`; nothing where it cannot be kept."""
    fresh = Fernet.generate_key().decode() if fernet else secrets.token_urlsafe(50)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="ascii") as file:
            path.chmod(0o600)
            file.write(fresh)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip() if path.is_file() else ""
    except OSError:
        return ""
    return fresh


def filled(value: str | list[str]) -> None:
    """Not set to nothing: that is no key, and no list of keys."""
    if not "".join(value).strip():
        raise ValidationError("empty")


def strong_key(value: str) -> None:
    """As Django's own check of a deployment wants it."""
    if len(value) < 50:
        raise ValidationError("shorter than 50 characters")
    if len(set(value)) < 5 or value.startswith("django-insecure-"):
        raise ValidationError("not random")


def valid_hosts(value: list[str]) -> None:
    if "*" in value:
        raise ValidationError("* would take every name, also that of somebody who sends people here")
    if not all(HOST.fullmatch(one) for one in value):
        raise ValidationError("a name has no https://, no port and no path")


def valid_database(value: str) -> None:
    _known_kind(value, DATABASES)


def valid_cache(value: str) -> None:
    _known_kind(value, CACHES)


def _known_kind(value: str, kinds: Mapping[str, tuple[str, str]]) -> None:
    kind = value.partition(":")[0]
    if kind not in kinds:
        raise ValidationError("another kind of address")
    module, extra = kinds[kind]
    if module and not _installed(module):
        raise ValidationError(f"{module} is not installed: pip install 'flinkey-admin[{extra}]'")


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ValueError:
        return False


def no_demo(value: str) -> None:
    if value:
        raise ValidationError("everybody would read this password on the sign-in page")


def valid_prefix(value: str) -> None:
    if value.strip("/") and not PREFIX.fullmatch(f"/{value.strip('/')}"):
        raise ValidationError("not a path of letters, digits, - and _")


def strong_key_if_any(value: str) -> None:
    if value:
        strong_key(value)


def long_enough_to_guess(value: str) -> None:
    if value and len(value) < 20:
        raise ValidationError("shorter than 20 characters")


def valid_upstream(value: str) -> None:
    parts = urlsplit(value)
    loopback = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if not parts.hostname or (parts.scheme != "https" and not (parts.scheme == "http" and loopback)):
        raise ValidationError("not an https:// address")


def valid_proxy(value: str) -> None:
    parts = urlsplit(value)
    if value and not (parts.scheme in {"http", "https"} and parts.hostname):
        raise ValidationError("not an http:// address")


def valid_bundle(value: str) -> None:
    path = Path(value)
    if value and not path.exists():
        raise ValidationError("no such file")
    try:
        if path.is_file():
            ssl.create_default_context(cafile=value)
    except (ssl.SSLError, OSError):
        raise ValidationError("no certificates in PEM format in it") from None


def valid_token_keys(value: list[str]) -> None:
    try:
        for key in value:
            Fernet(key)
    except ValueError:
        raise ValidationError("not a key of 32 bytes in base64") from None
    if any(len(set(base64.urlsafe_b64decode(key))) < 8 for key in value):
        raise ValidationError("not random")


def valid_language(value: str) -> None:
    if value not in {"", "en", "de"}:
        raise ValidationError("not en or de")


def valid_zone(zones: Collection[str]) -> Callable[[str], None]:
    def check(value: str) -> None:
        if value not in zones:
            raise ValidationError("not a time zone")

    return check
