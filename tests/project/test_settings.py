"""Settings: a missing or wrong value refuses to start, names the variable and says what to write."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import certifi
import pytest
from cryptography.fernet import Fernet

from flinkey_admin.checks import HINTS
from tests.project.source import NO_DEFAULT, ROOT, of_the_start, start, variables

KEY, OLDER = Fernet.generate_key().decode(), Fernet.generate_key().decode()
PRODUCTION = {
    "FLINKEY_API_KEY": "a-key-of-the-portal",
    "SECRET_KEY": "xY7-" * 16 + "abcdefghij",
    "TOKEN_KEYS": f"{KEY},{OLDER}",
    "ALLOWED_HOSTS": "fleet.example.com",
    "TRUSTED_PROXIES": "1",
}
LINE = re.compile(r"^  (?P<name>[A-Z_]+) (?P<problem>is missing|is wrong \(.+\))\. Write: (?P<hint>.+)$")

# The values that each variable refuses; None: it is not there at all.
WRONG: dict[str, list[str | None]] = {
    "FLINKEY_API_KEY": [None, "", "   "],
    "SECRET_KEY": [None, "", "short", "abc" * 20, "django-insecure-" + "xY7-" * 16 + "abcdefghij"],
    "SECRET_KEY_OLD": ["short"],
    "METRICS_TOKEN": ["short"],
    "LOG_FORMAT": ["xml", ""],
    "TOKEN_KEYS": [None, "", "abc", f"{KEY},", f"{KEY},not-a-key", "A" * 43 + "="],
    "ALLOWED_HOSTS": [
        None,
        "",
        " , ",
        "*",
        "fleet.example.com,*",
        "https://fleet.example.com",
        "fleet.example.com:443",
    ],
    "TIME_ZONE": ["Mars/Olympus", "Berlin", ""],
    "LANGUAGE_CODE": ["fr", "de-AT"],
    "FLINKEY_API_URL": [
        "http://flinkey.example/v3",
        "http://127.0.0.1.flinkey.example/v3",
        "api.flinkey.de/v3",
        "ftp://127.0.0.1/v3",
        "https://",
    ],
    "DEBUG": ["perhaps", ""],
    "TRUSTED_PROXIES": ["one", "-1"],
    "FLINKEY_CALLS_PER_SECOND": ["many", "0"],
    "SWEEP_MINUTES": ["often", "-1"],
    "RETENTION_DAYS": ["forever", "29"],
    "SERIES_WINDOWS": ["all", "0"],
    "SESSION_HOURS": ["1.5", "0"],
    "SESSION_IDLE_MINUTES": ["soon", "-5"],
    "FLINKEY_TIMEOUT": ["long", "0"],
    "FLINKEY_CA_BUNDLE": ["/no/such/file.pem", __file__],
    "FLINKEY_PROXY": ["proxy:3128", "ftp://proxy.example"],
    "DATABASE_URL": ["fleet.sqlite3", "mysql://me@db.example/fleet", "sqlite:////dev/null/fleet.sqlite3"],
    "CACHE_URL": ["memory", "dummycache://", "memcached://cache.example:11211"],
    "DEMO_SIGN_IN": ["a@b.example pw"],
    "URL_PREFIX": ["https://intranet/flinkey", "/flink ey", "/a//b", "/../x"],
    "VAR_DIR": ["/dev/null/var"],
}
ROUNDS = range(max(map(len, WRONG.values())))


def faults(stderr: str) -> dict[str, str]:
    """What the message says: the hint by the variable's name."""
    _before, _said, message = stderr.partition("flinkey admin does not start:\n")
    found = [LINE.match(line) for line in message.splitlines()[:-1]]
    assert all(found), stderr
    assert message.splitlines()[-1] == "Each may also be given as NAME_FILE, a file's path."
    return {match["name"]: match["hint"] for match in found if match}


def changed(changes: dict[str, str | None], **env: str) -> dict[str, str]:
    """What is right for production, with these changes."""
    whole = {**PRODUCTION, **env, **changes}
    return {name: value for name, value in whole.items() if value is not None}


@pytest.mark.parametrize("number", ROUNDS)
def test_wrong_values_refuse_to_start_and_all_are_told_at_once(number: int, tmp_path: Path) -> None:
    """Each round takes the next wrong value of every variable; a variable without one is right."""
    wrong = {name: values[number] for name, values in WRONG.items() if number < len(values)}
    done = start(changed({"VAR_DIR": str(tmp_path), **wrong}))
    assert done.returncode != 0
    assert faults(done.stderr) == {name: HINTS[name] for name in wrong}
    assert KEY not in done.stderr, "a secret is not repeated, not even the right one beside the wrong one"


@pytest.mark.parametrize("name", ["FLINKEY_API_KEY", "TOKEN_KEYS", "TIME_ZONE"])
def test_one_wrong_value_is_enough(name: str, tmp_path: Path) -> None:
    done = start(changed({name: WRONG[name][0]}, VAR_DIR=str(tmp_path)))
    assert (done.returncode != 0, faults(done.stderr)) == (True, {name: HINTS[name]})


def test_the_command_line_says_it_without_a_traceback(tmp_path: Path) -> None:
    done = start({"VAR_DIR": str(tmp_path)}, [sys.executable, "manage.py", "migrate"])
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("flinkey admin does not start:\n")
    assert set(faults(done.stderr)) == {"FLINKEY_API_KEY", "SECRET_KEY", "TOKEN_KEYS", "ALLOWED_HOSTS"}


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    files = {f"{name}_FILE": str(tmp_path / "missing") for name in ("TOKEN_KEYS", "FLINKEY_API_KEY")}
    env = changed({"TOKEN_KEYS": None, "FLINKEY_API_KEY": None, **files}, VAR_DIR=str(tmp_path))
    done = start(env, [sys.executable, "manage.py", "check"])
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert faults(done.stderr) == dict.fromkeys(files, "the path of a file that this user may read")


def test_files_that_cannot_be_read_do_not_hide_what_else_is_wrong(tmp_path: Path) -> None:
    env = changed({"TOKEN_KEYS": None, "SECRET_KEY": None, "FLINKEY_TIMEOUT": "long"}, VAR_DIR=str(tmp_path))
    done = start(env | {"TOKEN_KEYS_FILE": str(tmp_path / "missing")})
    assert set(faults(done.stderr)) == {"TOKEN_KEYS_FILE", "SECRET_KEY", "FLINKEY_TIMEOUT"}


def test_a_name_that_is_almost_right_is_told(tmp_path: Path) -> None:
    typed = {
        "FLINKEY_WEBHOK_SECRET": "s",
        "FLINKEY_CA_BUNDEL_FILE": "/x",
        "FLINKEY_ADMIN_IMAGE": "not ours, and far from",
    }
    done = start(changed({**typed, "VAR_DIR": str(tmp_path)}))
    assert faults(done.stderr) == {
        "FLINKEY_CA_BUNDEL_FILE": "FLINKEY_CA_BUNDLE instead, or leave it out",
        "FLINKEY_WEBHOK_SECRET": "FLINKEY_WEBHOOK_SECRET instead, or leave it out",
    }


def test_no_secret_serves_two_purposes(tmp_path: Path) -> None:
    secret = PRODUCTION["SECRET_KEY"]
    done = start(changed({"FLINKEY_WEBHOOK_SECRET": secret, "FLINKEY_API_KEY": KEY}, VAR_DIR=str(tmp_path)))
    assert set(faults(done.stderr)) == {"FLINKEY_WEBHOOK_SECRET", "FLINKEY_API_KEY"}
    assert secret not in done.stderr
    shared = {"METRICS_TOKEN": secret, "FLINKEY_WEBHOOK_SECRET_OLD": KEY, "SECRET_KEY_OLD": OLDER + "x" * 20}
    done = start(changed({**shared, "FLINKEY_WEBHOOK_SECRET": OLDER + "x" * 20}, VAR_DIR=str(tmp_path)))
    assert set(faults(done.stderr)) == {"METRICS_TOKEN", "FLINKEY_WEBHOOK_SECRET_OLD", "FLINKEY_WEBHOOK_SECRET"}


def test_a_database_whose_driver_is_missing_names_what_to_install(tmp_path: Path) -> None:
    """Python is told to find no such module, as in an environment that holds the wheel alone."""
    env = changed({"DATABASE_URL": "postgres://me@db.example/fleet", "VAR_DIR": str(tmp_path)})
    hidden = "import sys; sys.modules['psycopg'] = None; import django; django.setup()"
    done = start(env, [sys.executable, "-c", hidden])
    assert "DATABASE_URL is wrong (psycopg is not installed: pip install 'flinkey-admin[postgres]')" in done.stderr


def test_every_variable_has_a_hint_and_no_other() -> None:
    assert set(variables()) == set(HINTS)


# NAME_FILE ----------------------------------------------------------------------------------------------------------

# A value for each variable, and what the settings make of it.
GIVEN: dict[str, tuple[str, str, Any]] = {
    "DEBUG": ("false", "DEBUG", False),
    "VAR_DIR": ("", "VAR_DIR", ""),
    "FLINKEY_API_URL": ("https://flinkey.example/v9", "FLINKEY_API_URL", "https://flinkey.example/v9"),
    "FLINKEY_API_KEY": ("the-key", "FLINKEY_API_KEY", "the-key"),
    "FLINKEY_WEBHOOK_SECRET": ("hook", "FLINKEY_WEBHOOK_SECRET", "hook"),
    "FLINKEY_WEBHOOK_SECRET_OLD": ("hook", "FLINKEY_WEBHOOK_SECRET_OLD", "hook"),
    "FLINKEY_TIMEOUT": ("7.5", "FLINKEY_TIMEOUT", 7.5),
    "FLINKEY_PROXY": ("http://proxy.example:3128", "FLINKEY_PROXY", "http://proxy.example:3128"),
    "FLINKEY_CA_BUNDLE": ("", "FLINKEY_CA_BUNDLE", ""),
    "SECRET_KEY": (PRODUCTION["SECRET_KEY"], "SECRET_KEY", PRODUCTION["SECRET_KEY"]),
    "SECRET_KEY_OLD": ("older" * 10, "SECRET_KEY_OLD", "older" * 10),
    "TOKEN_KEYS": (f"{KEY},{OLDER}", "TOKEN_KEYS", [KEY, OLDER]),
    "ALLOWED_HOSTS": ("a.example,b.example", "ALLOWED_HOSTS", ["a.example", "b.example"]),
    "DATABASE_URL": ("postgres://me:pw@db.example/fleet", "DATABASES", "fleet"),
    "CACHE_URL": ("redis://cache.example:6379/3", "CACHES", "redis://cache.example:6379/3"),
    "TIME_ZONE": ("Europe/Vienna", "TIME_ZONE", "Europe/Vienna"),
    "LANGUAGE_CODE": ("de", "LANGUAGE_CODE", "de"),
    "TRUSTED_PROXIES": ("2", "TRUSTED_PROXIES", 2),
    "FLINKEY_CALLS_PER_SECOND": ("7.5", "FLINKEY_CALLS_PER_SECOND", 7.5),
    "SWEEP_MINUTES": ("30", "SWEEP_MINUTES", 30.0),
    "RETENTION_DAYS": ("90", "RETENTION_DAYS", 90),
    "SERIES_WINDOWS": ("50", "SERIES_WINDOWS", 50),
    "SESSION_IDLE_MINUTES": ("10", "SESSION_IDLE_MINUTES", 10),
    "SESSION_HOURS": ("3", "SESSION_HOURS", 3),
    "METRICS_TOKEN": ("m" * 20, "METRICS_TOKEN", "m" * 20),
    "LOG_FORMAT": ("json", "LOG_FORMAT", "json"),
    "URL_PREFIX": ("flinkey/", "URL_PREFIX", "/flinkey"),
    "DEMO_SIGN_IN": ("", "DEMO_SIGN_IN", ""),
}
SHOW = """
import json
from flinkey_admin import settings
def plain(name):
    value = getattr(settings, name)
    if name == "DATABASES":
        return value["default"]["NAME"]
    if name == "CACHES":
        return value["default"]["LOCATION"]
    return value if isinstance(value, (bool, int, float, str, list)) else str(value)
print(json.dumps({name: plain(name) for name in %r}))
"""


def test_every_variable_may_come_from_a_file(tmp_path: Path) -> None:
    bundle = certifi.where()
    given = GIVEN | {
        "VAR_DIR": (str(tmp_path / "var"), "VAR_DIR", str(tmp_path / "var")),
        "FLINKEY_CA_BUNDLE": (bundle, "FLINKEY_CA_BUNDLE", bundle),
    }
    assert set(given) == set(variables()), "every variable, and none that is no longer read"
    env = {}
    for name, (value, _setting, _wanted) in given.items():
        path = tmp_path / name
        path.write_text(f"{value}\n", encoding="utf-8")
        env[f"{name}_FILE"] = str(path)
    wanted = {setting: value for _text, setting, value in given.values()}
    done = start(env, [sys.executable, "-c", SHOW % sorted(wanted)])
    assert done.stderr == ""
    assert json.loads(done.stdout) == wanted


def test_on_this_machine_the_keys_are_made_once_and_kept(tmp_path: Path) -> None:
    env = {"DEBUG": "true", "FLINKEY_API_KEY": "k", "VAR_DIR": str(tmp_path)}
    show = [sys.executable, "-c", SHOW % ["SECRET_KEY", "TOKEN_KEYS"]]
    first, second = start(env, show), start(env, show)
    assert first.stderr == ""
    assert json.loads(first.stdout) == json.loads(second.stdout)
    kept = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert kept == {"secret-key": 0o600, "token-key": 0o600}
    assert len(json.loads(first.stdout)["SECRET_KEY"]) >= 50
    Fernet(json.loads(first.stdout)["TOKEN_KEYS"][0])


@pytest.mark.parametrize(("proxies", "silenced"), [("1", 0), (None, 1)])
def test_a_fresh_production_passes_django_s_deployment_checks(
    proxies: str | None, silenced: int, tmp_path: Path
) -> None:
    """Without TRUSTED_PROXIES too: that is told by the product's own check, in words."""
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = start(changed({"TRUSTED_PROXIES": proxies}, VAR_DIR=str(tmp_path)), command)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"System check identified no issues ({silenced} silenced).\n"


PRODUCTION_ANSWERS = """
import json
import django
django.setup()
from django.conf import settings
from django.test import Client
client = Client(SERVER_NAME="fleet.example.com", headers={"X-Forwarded-For": "192.0.2.1"})
plain = client.get("/groups/")
programs = [
    client.post("/webhooks/flinkey/assignments/"),
    *(client.get(path) for path in ("/calendar/x.ics", "/metrics", "/cars/1/calendar/")),
]
health = client.get("/health/live/")
safe = client.get("/health/live/", headers={"X-Forwarded-Proto": "https"})
chosen, forgotten = (
    client.post("/settings/", {"scheme": scheme, "language": language}, headers={"X-Forwarded-Proto": "https"})
    for scheme, language in (("dark", "de"), ("", ""))
)
print(json.dumps({
    "plain": [plain.status_code, plain.headers.get("Location")],
    "health": health.status_code,
    "programs": [one.status_code for one in programs],
    "HSTS": safe.headers.get("Strict-Transport-Security"),
    "cookies": sorted(getattr(settings, name) for name in dir(settings) if name.endswith("_COOKIE_NAME")),
    "kept": {name: [one.value, one["secure"], one["path"], one["domain"]] for name, one in chosen.cookies.items()},
    "forgotten": {name: one["secure"] for name, one in forgotten.cookies.items() if not one.value},
    "secure": [settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE, settings.SESSION_COOKIE_HTTPONLY],
    "debug": settings.DEBUG,
}))
"""


def test_production_speaks_https_only(tmp_path: Path) -> None:
    done = start({**PRODUCTION, "VAR_DIR": str(tmp_path)}, [sys.executable, "-W", "ignore", "-c", PRODUCTION_ANSWERS])
    assert done.stdout, done.stderr
    assert json.loads(done.stdout) == {
        "plain": [301, "https://fleet.example.com/groups/"],
        "health": 200,
        "programs": [403, 403, 403, 301],
        "HSTS": "max-age=63072000; includeSubDomains; preload",
        "cookies": [f"__Host-{name}" for name in ("csrf", "known", "language", "scheme", "session")],
        "kept": {"__Host-scheme": ["dark", True, "/", ""], "__Host-language": ["de", True, "/", ""]},
        "forgotten": {"__Host-scheme": True, "__Host-language": True},
        "secure": [True, True, True],
        "debug": False,
    }


# docs/configure.md --------------------------------------------------------------------------------------------------

# Defaults that are no plain value, in the words of the table.
IN_WORDS = {
    "VAR_DIR": "`var`",
    "DATABASE_URL": "SQLite in `var/`",
    "LANGUAGE_CODE": "from the browser",
}


def told_table(first: str = "name") -> dict[str, str]:
    """The default by the variable, for each row of the table whose first column has this head."""
    text = (ROOT / "docs" / "configure.md").read_text(encoding="utf-8")
    table = re.search(rf"^\| {first} \| default \|.*\n\|[-| :]+\|\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert table, f"docs/configure.md has a table | {first} | default | |"
    rows: dict[str, str] = {}
    for line in table[1].splitlines():
        names, default, *_what = (cell.strip() for cell in line.strip("|").split("|"))
        for name in re.findall(r"`([A-Z_]+)`", names):
            assert name not in rows, f"{name} stands there twice"
            rows[name] = default
    return rows


def expected_default(name: str) -> str:
    """How the cell has to begin."""
    default = variables()[name].default
    if name in IN_WORDS:
        return IN_WORDS[name]
    if default is NO_DEFAULT:
        return "none: refuses to start"
    if default == "":
        return "none"
    plain = (
        str(default).lower() if isinstance(default, bool) else f"{default:g}" if isinstance(default, float) else default
    )
    return f"`{plain}`"


def test_the_table_lists_exactly_the_variables_that_are_read() -> None:
    assert set(told_table()) == set(variables())


def test_the_other_table_lists_exactly_the_variables_that_starting_reads() -> None:
    assert set(told_table("variable")) == of_the_start()


def test_the_table_tells_the_defaults_of_the_code() -> None:
    told = told_table()
    wrong = {name: told[name] for name in told if not told[name].startswith(expected_default(name))}
    assert wrong == {}
