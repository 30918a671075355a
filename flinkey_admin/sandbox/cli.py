"""The sandbox alone, from the command line."""

import argparse
import signal
import sys
import threading
from datetime import datetime

from .clock import parsed
from .fleet import PASSWORD
from .gateway import API_KEY
from .scenarios import BUILDERS
from .scenarios.cast import MANAGERS
from .server import Sandbox


def main(argv: list[str]) -> int:
    """Serve until Ctrl-C or SIGTERM; 0 after a clean stop, 1 if the port is taken."""
    options = _parser().parse_args(argv)
    sandbox = Sandbox(
        options.scenario,
        options.port,
        strict=options.strict,
        clock=options.clock,
        latency=options.latency / 1000,
        delay=options.delay,
        webhook_url=options.webhook_url,
        webhook_secret=options.webhook_secret,
    )
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):  # before anybody can know that it is there
        signal.signal(number, lambda *_: stopped.set())
    try:
        sandbox.start()
    except OSError as error:
        sys.stderr.write(f"Port {options.port} cannot be used: {error}\n")
        return 1
    sys.stdout.write(_greeting(sandbox.url, options.scenario))
    sys.stdout.flush()
    stopped.wait()
    sandbox.stop()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sandbox", description="An imitation of the flinkey API v3.")
    parser.add_argument("--port", type=int, default=9000, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--scenario", choices=sorted(BUILDERS), default="depot")
    parser.add_argument("--strict", action="store_true", help="refuse every departure from the vendor's pages")
    parser.add_argument("--latency", type=float, default=0, metavar="MS", help="milliseconds before each answer")
    parser.add_argument("--delay", type=float, default=1.5, metavar="SECONDS", help="until assignments change")
    parser.add_argument("--webhook-url", metavar="URL", help="where outcomes are sent")
    parser.add_argument("--webhook-secret", metavar="S", help="the secret header of webhooks")
    parser.add_argument("--clock", type=_moment, metavar="ISO", help="the moment at which time starts")
    return parser


def _moment(text: str) -> datetime:
    try:
        return parsed(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"no moment such as 2026-11-22T08:00:00Z: {text}") from None


def _greeting(url: str, scenario: str) -> str:
    lines = [
        f"flinkey sandbox, scenario {scenario}",
        f"  address         {url}",
        f"  API key         {API_KEY}",
        f"  remote control  {url.removesuffix('/v3')}/_sandbox/",
        f"  sign-ins, all with the password {PASSWORD}:",
    ]
    for email, customers in MANAGERS.items():
        names = " and ".join(f"customer {number}" for number in customers) or "no customer"
        lines.append(f"    {email}  ({names})")
    return "\n".join([*lines, "Stop with Ctrl-C.", ""])
