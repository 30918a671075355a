"""Makes the client for a manager: address, key and one shared pool of connections; the token and the customer
come from whoever acts."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import cache, partial
from typing import Any, ParamSpec, TypeVar

from django.conf import settings
from django.dispatch import Signal

from flinkey_admin.flinkey import Flinkey, Transport

AT_ONCE = 16  # more connections were measured to be slower, not faster

# A call has ended, told in its own thread. `operation`, `result`: the status or the name of the fault, `seconds`.
called = Signal()

T = TypeVar("T")
P = ParamSpec("P")


@cache
def _transport(url: str, key: str, timeout: float, proxy: str, ca_bundle: str) -> Transport:
    return Transport(
        url, key, timeout=timeout, pool=AT_ONCE, proxy=proxy or None, ca_bundle=ca_bundle or None, told=_tell
    )


def _tell(operation: str, result: str, seconds: float) -> None:
    called.send(sender=None, operation=operation, result=result, seconds=seconds)


@cache
def _workers(at_once: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(at_once, thread_name_prefix="flinkey")


def transport() -> Transport:
    """The process's one transport, as the settings describe it."""
    return _transport(
        settings.FLINKEY_API_URL,
        settings.FLINKEY_API_KEY,
        settings.FLINKEY_TIMEOUT,
        settings.FLINKEY_PROXY,
        settings.FLINKEY_CA_BUNDLE,
    )


def client(token: str | None = None, customer_id: str | None = None) -> Flinkey:
    """A client that acts with this token for this customer; without both it can only ask for a token."""
    return Flinkey(transport(), token=token, customer_id=customer_id)


def submit(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
    """Starts one call beside this thread, with its reference number for the log.

    What is started here only talks to flinkey: in these threads a database connection would leak.
    """
    return _workers(AT_ONCE).submit(copy_context().run, partial(call, *args, **kwargs))


def in_parallel(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """The answers of all calls in their order, up to 16 under way at once; raises what the first failed one raised."""
    return [future.result() for future in [submit(call) for call in calls]]
