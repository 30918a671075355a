"""How people spend a morning, for locust: a `Manager`, the same `Alone`, a `Visitor` of a bare page, the same `Lonely`.

A page is looked at as its script does: it asks for news at once and then every few seconds, until the next click.
Each request becomes one line of JSON in the file that LOAD_LOG names: start, milliseconds, name, fault. LOAD_PEOPLE
says how many managers the fleet has.
"""

import datetime as dt
import html
import itertools
import json
import os
import random
import re
import time
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from urllib.parse import urlencode

import gevent
from locust import FastHttpUser, constant, events, task

from flinkey_admin.launch import PASSWORD
from tests.load import fleet

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
STATIC = re.compile(r'(?:href|src)="(/static/[^"]+)"')
NEWS = re.compile(r'hx-get="([^"]+)" hx-trigger="([^"]*)every (\d+)s')
QUESTIONS = re.compile(r'name="yes" value="([^"]+)"')
REVIEWED = re.compile(r'action="(/operations/\d+/run/)"')
SEEN = re.compile(r'name="seen" value="([^"]+)"')
NONCE = re.compile(r'name="nonce" value="([^"]+)"')
AGAIN = 0.5  # seconds, when an answer says that there is more to come
PATIENCE = 60.0  # seconds until somebody goes on from a receipt that is not complete

PEOPLE = int(os.environ["LOAD_PEOPLE"])
CARS = fleet.cars(PEOPLE)
log = Path(os.environ["LOAD_LOG"]).open("w", buffering=1, encoding="utf-8")  # noqa: SIM115 - as long as the process


@events.request.add_listener
def note(name, response_time, exception, start_time, **_facts):
    log.write(json.dumps({"at": start_time, "ms": response_time, "name": name, "fault": str(exception or "")}) + "\n")


@events.user_error.add_listener
def fault(exception, **_facts):
    log.write(json.dumps({"at": time.time(), "ms": 0, "name": "person", "fault": repr(exception)}) + "\n")


def sleep_until(moment):
    gevent.sleep(max(0.0, moment - time.monotonic()))


def fault_of(answer, address):
    return f"{answer.status_code} for {address}: {getattr(answer, 'error', None)!r}"


def first_wait(found):
    """Seconds until a page that has just come asks for news."""
    return 0 if "load" in found[2] else int(found[3])


class Person(FastHttpUser):
    """A browser behind a proxy that, as nginx does by itself, opens a connection for each request."""

    abstract = True
    wait_time = constant(0)  # whoever looks at a page thinks while looking
    default_headers = {"Connection": "close", "Accept-Language": "en"}
    thinks = (10, 20)  # seconds between two clicks

    def get(self, address, name, **headers):
        with self.client.get(address, name=name, headers=headers, allow_redirects=False, catch_response=True) as answer:
            if answer.status_code not in {200, 204}:
                answer.failure(fault_of(answer, address))
        return answer


class Visitor(Person):
    """Looks at the bare page as often as a manager at ours, news included."""

    @task
    def visit(self):
        self.get("/", "page bare")
        until = time.monotonic() + random.uniform(*self.thinks)
        while (left := until - time.monotonic()) > 0:
            self.get("/", "news bare")
            gevent.sleep(min(15, left))


class Manager(Person):
    numbers = itertools.count()

    def on_start(self):
        # The cookies are marked for HTTPS, which ends at the proxy.
        self.client.cookiejar.set_policy(DefaultCookiePolicy(secure_protocols=("http", "https")))
        self.number = next(self.numbers)
        self.cars = fleet.own_cars(self.number)
        self.windows = 0
        self.moves = 0
        self.customer = str(fleet.customer_of(self.number))
        page = self.get("/sign-in/", "sign-in")
        for address in dict.fromkeys(STATIC.findall(page.text)):
            self.get(address, "file")
        self.look(
            self.send("/sign-in/", page, "sign-in", username=fleet.email(self.number), password=PASSWORD), "overview"
        )

    # A page ------------------------------------------------------------------------------------------------------

    def click(self, address, name):
        self.look(self.get(address, f"page {name}"), name)

    def look(self, page, name):
        """Reads the page and thinks; meanwhile its script asks for news."""
        until = time.monotonic() + random.uniform(*self.thinks)
        self._ask_for_news(page, name, until)
        sleep_until(until)

    def wait_for(self, page, name):
        """Watches a receipt until all of it has come true: then its page asks for nothing more."""
        self._ask_for_news(page, name, time.monotonic() + PATIENCE)

    def _ask_for_news(self, page, name, until):
        """As htmx does with a page's hx-trigger: "load" at once, "every" so often, "again" when the answer says so."""
        found = NEWS.search(page.text or "")
        wait = found and first_wait(found)
        while found and time.monotonic() < until:
            sleep_until(min(until, time.monotonic() + wait))
            if time.monotonic() >= until:
                return
            address = html.unescape(found[1])
            answer = self.get(address, f"news {name}", **{"HX-Request": "true", "X-Customer": self.customer})
            wait = int(found[3])
            if answer.status_code == 200:
                found = NEWS.search(answer.text)
                wait = found and first_wait(found)
            if answer.headers and "again" in (answer.headers.get("HX-Trigger") or ""):
                wait = AGAIN

    def send(self, address, page, name, *, asked=False, comes=302, **fields):
        """Sends a form of this page and goes where that leads; says yes to what is asked then.

        comes: the status to expect, 200 where the answer is the next page itself.
        """
        fields |= {"csrfmiddlewaretoken": TOKEN.search(page.text)[1]}
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.host}
        with self.client.post(
            address,
            data=urlencode(fields, doseq=True),
            name=f"write {name}" if name != "sign-in" else name,
            headers=headers,
            allow_redirects=False,
            catch_response=True,
        ) as answer:
            questions = QUESTIONS.findall(answer.text or "") if answer.status_code == 422 and not asked else []
            if questions:
                answer.success()
            elif answer.status_code != comes:
                answer.failure(fault_of(answer, address))
        if questions:
            return self.send(address, page, name, asked=True, **fields, yes=questions)
        return answer if comes == 200 else self.get(answer.headers["Location"], f"page after {name}")

    # The mix of a morning ----------------------------------------------------------------------------------------

    @task(18)
    def overview(self):
        self.click("/", "overview")

    @task(6)
    def groups(self):
        self.click("/groups/", "groups")

    @task(12)
    def group(self):
        kind = random.choice(("cars", "cars", "users"))
        self.click(f"/groups/{random.randint(1, fleet.GROUPS)}/{kind}/", "group")

    @task(8)
    def list_cars(self):
        self.click(random.choice(("/cars/", "/cars/?page=2", "/cars/?sort=-name", "/cars/?q=HH")), "cars")

    @task(4)
    def list_users(self):
        self.click(random.choice(("/users/", "/users/?page=2")), "users")

    @task(10)
    def find(self):
        """Types three letters into the head, then opens one of the cars."""
        for typed in ("h", "hh", "hh-"):
            self.get(f"/search/?q={typed}", "search", **{"HX-Request": "true", "X-Customer": self.customer})
            gevent.sleep(0.3 * min(1, self.thinks[0]))
        self.car()

    @task(12)
    def car(self):
        self.click(f"/cars/{random.randint(1, CARS)}/", "car")

    @task(8)
    def user(self):
        self.click(f"/users/{random.randint(1, fleet.USERS)}/", "user")

    @task(8)
    def timeline(self):
        self.click(random.choice(("/timeline/", f"/timeline/?group={random.randint(1, fleet.GROUPS)}")), "timeline")

    @task(4)
    def changes(self):
        self.click("/operations/", "changes")

    @task(6)
    def give(self):
        """Gives somebody a car for a day that it is free."""
        car = self.cars[self.windows % len(self.cars)]
        day = (dt.datetime.now(dt.UTC) + dt.timedelta(days=30 + self.windows)).date()
        self.windows += 1
        form = self.get(f"/assignments/new/?car={car}", "page form")
        self._think()
        fields = {"user": str(random.randint(1, fleet.USERS)), "start": f"{day}T08:00", "end": f"{day}T18:00"}
        nonce = NONCE.search(form.text)[1]
        self.look(self.send("/assignments/new/", form, "give", car=str(car), nonce=nonce, **fields), "car")

    @task(4)
    def move(self):
        """Moves two cars to another group, or back."""
        cars = self.cars[:2]
        homes = [fleet.home_of(cars[0]), fleet.home_of(cars[0]) % fleet.GROUPS + 1]
        source, target = homes if self.moves % 2 == 0 else reversed(homes)
        self.moves += 1
        page = self.get(f"/groups/{source}/cars/", "page group")
        self._think()
        review = self.send(f"/groups/{source}/cars/move/", page, "plan", comes=200, id=cars, to=target)
        self._think()
        seen = SEEN.search(review.text)
        fields = {"seen": seen[1]} if seen else {}
        self.wait_for(self.send(REVIEWED.search(review.text)[1], review, "move", **fields), "receipt")

    def _think(self):
        gevent.sleep(random.uniform(*self.thinks) / 2)


class Lonely(Visitor):
    """The only visitor of the bare page."""

    thinks = (0.02, 0.03)


class Alone(Manager):
    """The only one: no time to think, so that one person makes enough pages, and never two at once."""

    thinks = (0.02, 0.03)
    numbers = itertools.count(PEOPLE)
