"""What a setting may be, and the sentence for somebody who wrote something else."""

import os
import secrets
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from environs import EnvError, EnvValidationError, ValidationError

HINTS = {
    "ALLOWED_HOSTS": "the names people type to reach the dashboard, separated by commas: fleet.example.com",
    "CACHE_URL": "locmem:// (one node), or redis://host:6379/0 (Redis or Valkey)",
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
    "VAR_DIR": "the path of a folder that this user may write to",
}


def unreadable_files() -> str:
    """What is wrong with the variables given as NAME_FILE; nothing when every file can be read."""
    named = [(name, os.environ.get(f"{name}_FILE")) for name in HINTS]
    wrong = [name for name, path in named if path and not (Path(path).is_file() and os.access(path, os.R_OK))]
    hint = "the path of a file that this user may read"
    return _refusal([f"  {name}_FILE is wrong (not a readable file). Write: {hint}" for name in wrong]) if wrong else ""


def explain(error: EnvError) -> str:
    """All that is wrong with the environment, a line each, with what to write instead."""
    found = error.error_messages if isinstance(error, EnvValidationError) else {"": [str(error)]}
    messages = found if isinstance(found, dict) else {"": list(found)}
    lines = []
    for name, problems in messages.items():
        problem = "is missing" if "not set" in str(problems[0]) else f"is wrong ({problems[0]})"
        hint = HINTS.get(name, "see the table of settings in README.md")
        lines.append(f"  {name} {problem}. Write: {hint}" if name else f"  {problems[0]}")
    return _refusal(lines)


def _refusal(lines: Iterable[str]) -> str:
    return "\n".join(["flinkey admin does not start:", *lines, "Each may also be given as NAME_FILE, a file's path."])


def local_secret(path: Path, given: str | None, *, fernet: bool = False) -> str:
    """The secret that was given, else one made at the first start on this machine and kept in `path`."""
    if given:
        return given
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = Fernet.generate_key().decode() if fernet else secrets.token_urlsafe(50)
    try:
        with path.open("x", encoding="ascii") as file:
            path.chmod(0o600)
            file.write(fresh)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip() or fresh
    return fresh


def filled(value: str | list[str]) -> None:
    """Not set to nothing: that is no key, and no list of keys."""
    if not "".join(value).strip():
        raise ValidationError("empty")


def long_enough(value: str) -> None:
    if len(value) < 50:
        raise ValidationError("shorter than 50 characters")


def long_enough_if_any(value: str) -> None:
    if value:
        long_enough(value)


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
    if value and not Path(value).exists():
        raise ValidationError("no such file")


def valid_token_keys(value: list[str]) -> None:
    try:
        for key in value:
            Fernet(key)
    except ValueError:
        raise ValidationError("not a key of 32 bytes in base64") from None


def valid_language(value: str) -> None:
    if value not in {"", "en", "de"}:
        raise ValidationError("not en or de")


def valid_zone(zones: Collection[str]) -> Callable[[str], None]:
    def check(value: str) -> None:
        if value not in zones:
            raise ValidationError("not a time zone")

    return check
