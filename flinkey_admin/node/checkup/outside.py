"""What has to be asked of others: flinkey, and the dashboard's own address. All at once, none for long."""

import datetime as dt
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from flinkey_admin.flinkey import Transport, errors
from flinkey_admin.flinkey.customers import listing
from flinkey_admin.flinkey.knock import Door, knock
from flinkey_admin.flinkey.transport import Probe
from flinkey_admin.node.checkup.lines import BAD, GOOD, LOOK, NONE, Line

PATIENCE = 3.0  # seconds for each step of a call
PATIENCE_AT_HOME = 6.0  # the same for this dashboard itself, which may have much to do
AT_MOST = 8.0  # seconds for all of it
HOOKS = "webhooks/flinkey/assignments/"
NOBODY = "nobody"  # in the place of a token: what flinkey says to it shows whether it takes the key
AHEAD, FAR_AHEAD = 5.0, 60.0  # seconds
SOON, VERY_SOON = dt.timedelta(days=21), dt.timedelta(days=3)


def lines(own: str = "") -> list[Line]:
    """flinkey: reached, key, clock, certificate. own: the dashboard's address as people type it, if it is known.

    Without it a line says what was not looked at.
    """
    late = TimeoutError("no answer in time")
    calls: list[tuple[Callable[[], list[Line]], Line]] = [
        (_flinkey, Line("flinkey", BAD, _("There was no answer in time."), _way_out())),
        (_certificate_of_flinkey, _no_certificate(late)),
    ]
    if own:
        calls.append((lambda: _own(own), _own_unreached(own, late)))
        calls.append((lambda: _hooks(own), _hooks_unreached(own, late)))
    pool = ThreadPoolExecutor(len(calls), thread_name_prefix="checkup")
    under_way = [(pool.submit(copy_context().run, call), otherwise) for call, otherwise in calls]
    until = time.monotonic() + AT_MOST
    found = [line for future, otherwise in under_way for line in _of(future, until, otherwise)]
    pool.shutdown(wait=False)
    return found if own else [*found, _own_unknown()]


def _of(future: "Future[list[Line]]", until: float, otherwise: Line) -> list[Line]:
    """What a call has found, or the line that stands for it when it takes too long."""
    try:
        return future.result(max(0.0, until - time.monotonic()))
    except TimeoutError:
        return [otherwise]


def _way_out() -> str:
    return _("Check the machine's way out: name server, firewall, FLINKEY_PROXY and FLINKEY_CA_BUNDLE.")


def ahead() -> float | None:
    """The seconds that the clock here is ahead of flinkey's; None when flinkey does not answer, or does not say."""
    try:
        return _probe().ahead
    except errors.FlinkeyError:
        return None


def _flinkey() -> list[Line]:
    try:
        probe = _probe()
    except errors.FlinkeyError as fault:
        text = _("It cannot be reached from here. Pages show what was read last.")
        return [Line("flinkey", BAD, text, _way_out(), fault.detail)]
    return [_reached(probe), _key(probe), _clock(probe)]


def _probe() -> Probe:
    door = Transport(
        settings.FLINKEY_API_URL,
        settings.FLINKEY_API_KEY,
        timeout=PATIENCE,
        pool=1,
        proxy=settings.FLINKEY_PROXY or None,
        ca_bundle=settings.FLINKEY_CA_BUNDLE or None,
        tries=1,
    )
    try:
        return door.probe(listing(), NOBODY)
    finally:
        door.close()


def _reached(probe: Probe) -> Line:
    text = _("It answers after %(ms)s ms.") % {"ms": round(probe.seconds * 1000)}
    if isinstance(probe.error, errors.Unavailable | errors.Rejected):
        said = _("Something answers that does not speak like flinkey.")
        todo = _("Check FLINKEY_API_URL, and whether a proxy answers in its place.")
        return Line("flinkey", BAD, said, todo, str(probe.error))
    return Line("flinkey", GOOD, text, detail=settings.FLINKEY_API_URL)


def _key(probe: Probe) -> Line:
    title = _("Key of the company")
    if isinstance(probe.error, errors.BadApiKey):
        text = _("flinkey does not take it, so nobody can sign in and nothing is read.")
        return Line(title, BAD, text, _("Put the key of the portal's developer page into FLINKEY_API_KEY."))
    if probe.error is None or isinstance(probe.error, errors.Unauthorized):
        return Line(title, GOOD, _("flinkey takes it."))
    return Line(title, NONE, _("flinkey has not said whether it takes it."), detail=str(probe.error))


def _clock(probe: Probe) -> Line:
    title = _("Clock")
    if probe.ahead is None:
        return Line(title, NONE, _("flinkey does not tell its time."))
    off = abs(probe.ahead)
    if off < AHEAD:
        return Line(title, GOOD, _("It goes like flinkey's."))
    ways = _("It is %(seconds)s seconds ahead of flinkey's."), _("It is %(seconds)s seconds behind flinkey's.")
    text = ways[probe.ahead < 0] % {"seconds": round(off)}
    todo = _("Set the machine's clock by the network (timedatectl set-ntp true): accesses begin and end by it.")
    return Line(title, LOOK if off < FAR_AHEAD else BAD, text, todo)


def _certificate_of_flinkey() -> list[Line]:
    try:
        met = knock(
            settings.FLINKEY_API_URL,
            proxy=settings.FLINKEY_PROXY,
            ca_bundle=settings.FLINKEY_CA_BUNDLE,
            timeout=PATIENCE,
        )
    except OSError as fault:
        return [_no_certificate(fault)]
    return [_valid(_("Certificate of flinkey"), met, "")]


def _no_certificate(fault: OSError) -> Line:
    title = _("Certificate of flinkey")
    if "certificate" in str(fault).lower():
        text = _("It is not trusted, so nothing is sent.")
        todo = _("If the company signs by itself, name its authority in FLINKEY_CA_BUNDLE.")
        return Line(title, BAD, text, todo, str(fault))
    return Line(title, NONE, _("Nobody could be asked for it."), _way_out(), str(fault))


def _valid(title: str, met: Door, todo: str) -> Line:
    if met.valid_until is None:
        return Line(title, NONE, _("There is none: this address speaks plain HTTP."))
    left = met.valid_until - timezone.now()
    text = _("It is valid until %(day)s, signed by %(issuer)s.") % {
        "day": met.valid_until.date().isoformat(),
        "issuer": met.issuer or "?",
    }
    state = GOOD if left > SOON else LOOK if left > VERY_SOON else BAD
    return Line(title, state, text, "" if state == GOOD else todo or _("Ask whoever runs that server to renew it."))


def _own(url: str) -> list[Line]:
    """The dashboard as people reach it, through the reverse proxy, and the certificate there."""
    try:
        met = _ask(urljoin(url, "health/live/"))
    except OSError as fault:
        return [_own_unreached(url, fault)]
    found = [_answers(_("Own address"), met.status == 200 and met.text == "ok", url)]
    if urlsplit(url).scheme == "https":
        found.append(_valid(_("Certificate of the own address"), met, _("Renew it where the reverse proxy has it.")))
    return found


def _own_unknown() -> Line:
    text = _("It is not known here, so neither it nor its certificate nor the address for webhooks was looked at.")
    address = f"https://{settings.ALLOWED_HOSTS[0].lstrip('.')}{settings.URL_PREFIX}/"
    if settings.LOOPBACK:
        address = f"http://127.0.0.1:8000{settings.URL_PREFIX}/"
    return Line(_("Own address"), NONE, text, _("Type flinkey-admin check --url %(url)s") % {"url": address})


def _hooks(url: str) -> list[Line]:
    """The address to which flinkey sends its messages: it takes nothing but POST."""
    address = urljoin(url, HOOKS)
    try:
        met = _ask(address)
    except OSError as fault:
        return [_hooks_unreached(url, fault)]
    return [_answers(_("Address for webhooks"), met.status == 405 and "POST" in met.allow, address)]


def _ask(url: str) -> Door:
    return knock(url, get=True, ca_bundle=settings.FLINKEY_CA_BUNDLE, system=True, timeout=PATIENCE_AT_HOME)


def _own_unreached(url: str, fault: OSError) -> Line:
    return _unreached(_("Own address"), url, fault)


def _hooks_unreached(url: str, fault: OSError) -> Line:
    return _unreached(_("Address for webhooks"), urljoin(url, HOOKS), fault)


def _unreached(title: str, url: str, fault: OSError) -> Line:
    text = _("It could not be reached from this machine; from elsewhere it may well be.")
    return Line(title, LOOK, text, _("Open it in a browser; check the reverse proxy."), f"{url}: {fault}")


def _answers(title: str, is_ours: bool, url: str) -> Line:
    if is_ours:
        return Line(title, GOOD, _("This dashboard answers there."), detail=url)
    text = _("Something else answers there.")
    return Line(title, BAD, text, _("Check what the reverse proxy passes on, ALLOWED_HOSTS and URL_PREFIX."), url)
