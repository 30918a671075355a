"""The sweep of a whole fleet against what the calls alone must take, and the connections that it opens."""

from collections.abc import Iterator

from flinkey_admin import upstream
from tests.bench.pages import forget
from tests.bench.rows import Row
from tests.bench.stage import LATENCY, browser, count, fill, sandbox, scope_of, timed

WORKERS = 16


def measure() -> Iterator[Row]:
    with sandbox("medium") as remote:
        person = browser()
        forget()
        remote.settings(latency=LATENCY)
        remote.clear_requests()
        took = timed(lambda: fill(scope_of(person)))
        calls = len(remote.requests())
        bound = calls * LATENCY / WORKERS
        yield Row(
            f"sweep of 500 cars and 50 groups: {calls} calls x latency / {WORKERS}",
            f"{took:.2f} s",
            f"{bound:.2f} s",
            took / bound,
            1.5,
        )
        pools = upstream.transport()._session.get_adapter(upstream.transport().base_url).poolmanager.pools  # type: ignore[attr-defined]
        opened = sum(pools.get(key).num_connections for key in pools.keys())  # noqa: SIM118 - no dict
        yield count(f"connections to flinkey for {calls} calls (at most 16 for 1,000)", opened, 16)
