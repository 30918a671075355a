"""Settings that may be meant so, but rather not. What cannot be meant refuses to start: flinkey_admin/checks.py."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks as django
from django.db import connection
from django.utils.translation import gettext as _

from flinkey_admin import checks, places
from flinkey_admin.node.checkup.lines import GOOD, LOOK, NONE, Line

# What a file of its own may hold: a secret, or an address with a password in it.
SECRETS = {
    *("SECRET_KEY", "SECRET_KEY_OLD", "TOKEN_KEYS", "FLINKEY_API_KEY", "METRICS_TOKEN"),
    *("FLINKEY_WEBHOOK_SECRET", "FLINKEY_WEBHOOK_SECRET_OLD", "DATABASE_URL", "CACHE_URL", "FLINKEY_PROXY"),
}
SHORT = 16  # characters
CHECKED = {"verify-ca", "verify-full"}  # values of sslmode with which PostgreSQL has to show a certificate
CLOSE = 0.85  # how much a name must be like one of ours


def lines() -> list[Line]:
    """A line for each thing, or one for all that is well."""
    title = _("Settings")
    if settings.LOOPBACK:
        text = _("DEBUG is on: plain HTTP, for this machine only.")
        return [Line(title, NONE, text, _("For colleagues use flinkey-admin serve, without DEBUG."))]
    return list(_found(title)) or [Line(title, GOOD, _("Nothing about them is unsafe."))]


def _found(title: str) -> Iterator[Line]:
    if not settings.TRUSTED_PROXIES:
        text = _("TRUSTED_PROXIES is 0, so everybody seems to come from the reverse proxy.")
        yield Line(title, LOOK, text, _("Set it to the number of proxies in front, usually 1."))
    if connection.vendor != "sqlite" and "locmem" in settings.CACHES["default"]["BACKEND"]:
        text = _("Each process has a cache of its own, although the database could serve several nodes.")
        yield Line(title, LOOK, text, _("With several nodes set CACHE_URL to a Redis or Valkey."))
    if 0 < len(settings.FLINKEY_WEBHOOK_SECRET) < SHORT:
        text = _("The secret of the webhooks is short.")
        yield Line(title, LOOK, text, _("Take one of 32 random characters, here and in the flinkey portal."))
    if urlsplit(settings.FLINKEY_API_URL).scheme == "http":
        yield Line(title, LOOK, _("FLINKEY_API_URL is an address of this machine, not the real flinkey."))
    yield from _in_the_clear(title)
    for path in _open_to_all():
        text = _("A file with secrets can be read by everybody on this machine.")
        yield Line(title, LOOK, text, _("Take that right away from others: chmod o-rwx."), str(path))
    for name in checks.mistyped(os.environ, "", CLOSE):
        text = _("A variable has almost the name of a setting, but nothing reads it.")
        yield Line(title, LOOK, text, _("Correct its name, or leave it out."), name)
    for one in django.run_checks(include_deployment_checks=True):
        if not one.is_silenced():
            yield Line(title, LOOK, _("Django's own check of deployments has found something."), detail=str(one))


def _in_the_clear(title: str) -> Iterator[Line]:
    """What goes over a network to another machine as everybody there can read it, or to nobody knows whom."""
    database = connection.settings_dict
    if _is_elsewhere(database["HOST"]) and database.get("OPTIONS", {}).get("sslmode") not in CHECKED:
        text = _("The database is on another machine, and TLS does not make sure of it.")
        yield Line(title, LOOK, text, _("Add ?sslmode=verify-full to DATABASE_URL: docs/scale.md."), database["HOST"])
    cache = urlsplit(str(settings.CACHES["default"].get("LOCATION", "")))
    if not cache.scheme.startswith("redis") or not _is_elsewhere(cache.hostname or ""):
        return
    if cache.scheme == "redis":
        text = _("The cache is on another machine, and is spoken to without TLS.")
        yield Line(title, LOOK, text, _("Write rediss:// in CACHE_URL: docs/scale.md."), cache.hostname or "")
    if not cache.password:
        text = _("The cache is on another machine, and asks for no password.")
        yield Line(title, LOOK, text, _("Set one there, and write it into CACHE_URL."), cache.hostname or "")


def _is_elsewhere(host: str) -> bool:
    """Whether the way there leaves this machine: a path is a socket of it."""
    return bool(host) and not host.startswith("/") and host not in {"localhost", "127.0.0.1", "::1"}


def _open_to_all() -> Iterator[Path]:
    named = [os.environ.get(f"{name}_FILE") for name in sorted(SECRETS)]
    kept = [Path(name) for name in named if name]
    if connection.vendor == "sqlite":
        kept.append(Path(str(connection.settings_dict["NAME"])))
    for path in [places.SETTINGS_FILE, *kept]:
        try:
            # Whoever may not enter the folder does not get to the file.
            is_open = path.stat().st_mode & stat.S_IROTH and path.parent.stat().st_mode & stat.S_IXOTH
        except OSError:
            continue
        if is_open:
            yield path
