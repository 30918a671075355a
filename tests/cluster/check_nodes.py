"""Two nodes behind nginx: pages from both, one killed at its work, Redis emptied, PostgreSQL restarted."""

import pickle
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import BrowserContext, Page, expect
from redis import Redis

from tests.browser.conftest import Complaints, sign_in, tick
from tests.browser.standing import eventually
from tests.cluster.conftest import STARTS, Cluster
from tests.cluster.servers import CACHE_PASSWORD, served_by
from tests.conftest import COORDINATOR, SOUTHERNER

BULK = 60
CROWD = 24  # pages that ask at once
GONE_ON = 499  # the browser has gone on before the answer came


def homes(cluster: Cluster) -> dict[int, list[int]]:
    """The groups of each car, as flinkey itself says."""
    found: dict[int, list[int]] = {}
    for group in cluster.remote.state(1)["groups"]:
        for car in group["cars"]:
            found.setdefault(car, []).append(group["id"])
    return found


def calls(cluster: Cluster, *, effective: bool = False) -> Counter[str]:
    """How often each change was asked for, or was done."""
    asked = [one for one in cluster.remote.requests() if one["method"] in {"PUT", "DELETE"}]
    return Counter(
        f"{one['method']} {one['path']} {one['body']}" for one in asked if one["took_effect"] or not effective
    )


def enter(window: BrowserContext, complaints: Complaints, email: str = COORDINATOR) -> Page:
    """Signed in, with a page whose console is listened to."""
    page = window.new_page()
    complaints.listen(page)
    sign_in(page, email)
    return page


def move_many(page: Page, to: str) -> set[int]:
    """Ticks sixty cars by hand, on two pages, and says yes to their move. Their ids."""
    page.goto("/cars/")
    page.get_by_role("checkbox", name="Tick all on this page").check()
    expect(page.locator("[data-selected-count]")).to_have_text("50")
    page.get_by_role("link", name="Next").click()
    expect(page.locator("[data-selected-count]")).to_have_text("50")
    for row in page.locator('tbody input[name="id"]').all()[: BULK - 50]:
        row.check()
    expect(page.locator("[data-selected-count]")).to_have_text(str(BULK))
    page.get_by_role("button", name="Move to…").click()
    page.get_by_role("radio", name=to, exact=True).check()
    page.get_by_role("button", name="Continue to the review").click()
    ids = {int(row.get_attribute("data-id") or 0) for row in page.locator("li[data-id]").all()}
    assert len(ids) > BULK - 10  # a few are there already
    page.get_by_role("button", name="Move", exact=True).click()
    expect(page.locator("#receipt")).to_be_visible()
    return ids


def test_pages_come_from_both_nodes_and_nobody_notices(
    window: BrowserContext, whole: Cluster, complaints: Complaints
) -> None:
    since = len(served_by(whole.folder))
    page = enter(window, complaints)
    for path in (
        "/",
        "/groups/",
        "/groups/1/cars/",
        "/cars/",
        "/users/",
        "/timeline/",
        "/operations/",
        "/search/?q=a",
    ) * 2:
        page.goto(path)
        expect(page.locator("h1")).to_be_visible()
    page.goto("/groups/1/cars/")
    before = homes(whole)
    names = [box.get_attribute("aria-label") or "" for box in page.locator('tbody input[name="id"]').all()[:2]]
    tick(page, *(name.removeprefix("Tick ") for name in names))
    page.get_by_role("button", name="Move to…").click()
    page.get_by_role("radio", name="Berlin").check()
    page.get_by_role("button", name="Continue to the review").click()
    page.get_by_role("button", name="Move", exact=True).click()
    expect(page.locator("#receipt")).to_have_attribute("data-state", "confirmed")
    assert {car for car, groups in homes(whole).items() if groups != before[car]}
    seen = Counter((node, status) for status, node, request in served_by(whole.folder, since))
    assert {node for node, _status in seen} == {f"127.0.0.1:{node.port}" for node in whole.nodes}
    assert {status for _node, status in seen} <= {200, 204, 302, 304, GONE_ON}


@pytest.mark.filterwarnings("ignore:Unverified HTTPS")
def test_however_many_look_at_both_nodes_a_list_is_read_once(
    window: BrowserContext, whole: Cluster, complaints: Complaints
) -> None:
    """Four web processes share nothing but the database."""
    page = enter(window, complaints)
    page.goto("/groups/3/cars/")
    seen = page.locator("#watch").get_attribute("hx-get")
    cookies = {one["name"]: one["value"] for one in window.cookies()}
    page.close()
    wanted = [f"/groups/3/{kind}" for kind in ("cars", "users", "services", "products")]
    # Older than a page may be, for longer than a test may take on a busy machine.
    whole.sql(
        "UPDATE mirror_listing SET read_at = now() - interval '2 minutes' WHERE name = ANY(%s)",
        [name.removeprefix("/") for name in wanted],
    )
    whole.remote.settings(latency=1)
    whole.remote.clear_requests()
    since = len(served_by(whole.folder))

    def poll(_number: int) -> int:
        headers = {"HX-Request": "true", "X-Customer": "1"}
        return requests.get(
            f"{whole.url}{seen}", cookies=cookies, headers=headers, verify=False, timeout=60
        ).status_code

    with ThreadPoolExecutor(CROWD) as crowd:
        assert set(crowd.map(poll, range(CROWD))) <= {200, 204}
    assert len({node for _status, node, _request in served_by(whole.folder, since)}) == len(whole.nodes)
    asked = Counter(one["path"] for one in whole.remote.requests())
    assert {path: asked[path] for path in wanted} == dict.fromkeys(wanted, 1)


def test_a_node_is_killed_in_the_middle_of_a_move(
    window: BrowserContext, whole: Cluster, complaints: Complaints
) -> None:
    page = enter(window, complaints)
    whole.remote.clear_requests()
    whole.remote.settings(latency=1.5)
    ids = move_many(page, "Köln")
    eventually(lambda: sum(calls(whole).values()) > BULK // 4, 60)
    node = whole.runs_at("runs")
    assert node
    node.kill()
    killed_at = time.monotonic()
    whole.remote.settings(latency=0.1)
    expect(page.locator("#receipt")).to_have_attribute("data-state", "confirmed", timeout=90_000)
    print(f"the other node has finished {time.monotonic() - killed_at:.0f} s after the death")
    assert {car: groups for car, groups in homes(whole).items() if car in ids} == {car: [4] for car in ids}
    assert max(calls(whole, effective=True).values()) == 1, "no step was done twice"
    page.goto("/groups/4/cars/")
    expect(page).to_have_url(f"{whole.url}/groups/4/cars/")


def test_a_node_hangs_in_the_middle_of_a_move_and_comes_back(
    window: BrowserContext, whole: Cluster, complaints: Complaints
) -> None:
    """It keeps its connections and says nothing, as a machine whose disk hangs; then it goes on where it was."""
    page = enter(window, complaints)
    whole.remote.clear_requests()
    whole.remote.settings(latency=1.5)
    ids = move_many(page, "Hamburg")
    eventually(lambda: sum(calls(whole).values()) > BULK // 4, 60)
    node = whole.runs_at("runs")
    assert node
    node.tell(signal.SIGSTOP)
    hung_at = time.monotonic()
    try:
        whole.remote.settings(latency=0.1)
        eventually(lambda: all(groups == [1] for car, groups in homes(whole).items() if car in ids), 120)
        print(f"the other node has finished {time.monotonic() - hung_at:.0f} s after the first one hung")
        asked = calls(whole)
    finally:
        node.tell(signal.SIGCONT)
    expect(page.locator("#receipt")).to_have_attribute("data-state", "confirmed", timeout=120_000)
    print(f"the open receipt showed it {time.monotonic() - hung_at:.0f} s after the first one hung")
    eventually(lambda: node.ready, 60)
    page.wait_for_timeout(5_000)  # whatever it still had in mind
    assert sum((calls(whole) - asked).values()) <= 2, "it knows that it has hung: only what was just leaving comes late"
    assert max(calls(whole, effective=True).values()) == 1, "no step was done twice"
    assert {car: groups for car, groups in homes(whole).items() if car in ids} == {car: [1] for car in ids}


def test_a_node_is_killed_in_the_middle_of_a_sweep(
    window: BrowserContext, whole: Cluster, complaints: Complaints
) -> None:
    whole.remote.clear_requests()
    whole.remote.settings(latency=1.5)
    page = enter(window, complaints, SOUTHERNER)
    eventually(lambda: len(whole.remote.requests("getAssignmentsOfCar")) > 3, 60)
    node = whole.runs_at("sweep")
    assert node
    node.kill()
    killed_at = time.monotonic()
    whole.remote.settings(latency=0.02)
    claimed = whole.sql(
        "SELECT name FROM mirror_listing WHERE read_at IS NULL AND lease_until > now() AND name LIKE 'cars/%%'"
    )
    assert claimed, "it died while it was reading"
    page.goto(f"/{claimed[0][0].removesuffix('/windows')}/")
    expect(page.locator("#waiting")).to_have_count(0, timeout=30_000)
    print(f"a page that it was reading for was there after {time.monotonic() - killed_at:.1f} s")
    expect(page.locator("h1")).to_be_visible()
    whole_copy = (
        "SELECT 1 FROM mirror_listing one JOIN accounts_customer whose ON whose.id = one.customer_id "
        "WHERE whose.flinkey_id = '2' AND one.name = 'everything' AND one.read_at IS NOT NULL"
    )
    eventually(lambda: bool(whole.sql(whole_copy)), 120)
    print(f"the sweep was complete {time.monotonic() - killed_at:.0f} s after the death")


def test_an_emptied_cache_costs_nothing(window: BrowserContext, whole: Cluster, complaints: Complaints) -> None:
    page = enter(window, complaints)
    cache = Redis(port=whole.cache_port, password=CACHE_PASSWORD)
    cache.flushall()
    page.goto("/groups/2/")
    expect(page).to_have_url(f"{whole.url}/groups/2/")


class Bomb:
    """What leaves a file where somebody unpickles it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


@pytest.mark.filterwarnings("ignore:Unverified HTTPS")
def test_nothing_that_stands_in_redis_is_run(whole: Cluster) -> None:
    cache, ran = Redis(port=whole.cache_port, password=CACHE_PASSWORD), whole.folder / "ran"
    cache.flushall()
    asked = [f"{whole.url}/calendar/guess-{number}.ics" for number in range(2)]
    assert requests.get(asked[0], verify=False, timeout=30).status_code == 404
    (key,) = [one for one in cache.scan_iter() if b"feed-misses" in one]
    assert int(cache.get(key) or 0) == 1
    cache.set(key, pickle.dumps(Bomb(ran)))
    assert requests.get(asked[1], verify=False, timeout=30).status_code == 404
    assert not ran.exists()
    pickle.loads(pickle.dumps(Bomb(ran)))
    assert ran.exists(), "it would have"


def test_the_database_starts_again_in_the_middle_of_a_move(
    window: BrowserContext, whole: Cluster, complaints: Complaints
) -> None:
    page = enter(window, complaints)
    other = window.new_page()
    other.goto("/groups/3/cars/")
    whole.remote.clear_requests()
    whole.remote.settings(latency=1)
    ids = move_many(page, "München")
    eventually(lambda: sum(calls(whole).values()) > BULK // 4, 60)
    complaints.expect(503)  # what an open page asks for meanwhile
    whole.restart_database(outage=4)
    whole.remote.settings(latency=0.1)
    back_at = time.monotonic()
    expect(page.locator("#receipt")).to_have_attribute("data-state", "confirmed", timeout=90_000)
    print(f"the move was done {time.monotonic() - back_at:.0f} s after the database was back")
    assert {car: groups for car, groups in homes(whole).items() if car in ids} == {car: [3] for car in ids}
    assert max(calls(whole, effective=True).values()) == 1, "no step was done twice"
    since = len(served_by(whole.folder))
    for _time in range(60):
        other.goto("/groups/3/cars/")
        expect(other).to_have_url(f"{whole.url}/groups/3/cars/")
        expect(other.locator("h1")).to_have_text("München")
    served = served_by(whole.folder, since)
    assert not [one for one in served if one[0] >= 500]
    assert not [request for _status, _node, request in served if "/sign-in/" in request], "nobody is signed out"
    assert len({node for _status, node, _request in served}) == len(whole.nodes), "each of them was asked"


def test_a_page_outlives_its_nodes(window: BrowserContext, whole: Cluster, complaints: Complaints) -> None:
    """An upgrade of a single node looks like this: for a while nginx answers itself."""
    page = enter(window, complaints)
    page.goto("/groups/5/cars/")
    rows = page.locator("tbody tr[data-id]")
    number, car = rows.count(), int(rows.first.get_attribute("data-id") or 0)
    for node in whole.nodes:
        node.stop()
    complaints.expect(502)
    with page.expect_response(lambda answer: answer.status == 502, timeout=40_000):
        pass
    assert rows.count() == number, "nginx's own page has not taken its place"
    whole.remote.change("remove_member", kind="cars", group=5, id=car)
    for node in whole.nodes:
        node.start()
    eventually(lambda: all(node.ready for node in whole.nodes), STARTS)
    expect(rows).to_have_count(number - 1)
