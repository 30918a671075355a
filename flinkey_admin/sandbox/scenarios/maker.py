"""Makes lively cars, people, boxes and windows; the same ones for the same seed."""

import random
import unicodedata
from datetime import datetime, timedelta

from ..clock import written
from ..world import Customer, Record
from . import words

ASCII = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ł": "l", "'": ""})

FIRST_NAMES, LAST_NAMES = words.FIRST_NAMES.split(), words.LAST_NAMES.split()


class Maker:
    """Fills one customer."""

    def __init__(self, customer: Customer, seed: str, now: datetime) -> None:
        self.customer = customer
        self.now = now
        self.random = random.Random(seed)

    def add_car(self, code: str) -> int:
        """A car with a plate of the city, or without one."""
        chance, number = self.random, len(self.customer.things["cars"]) + 1
        brand, model, start = chance.choice(words.MODELS)
        return self.customer.add(
            "cars",
            name=chance.choice(words.NAMES_OF_CARS).format(n=number),
            description=chance.choice(words.REMARKS) if chance.random() < 0.3 else None,
            vin=start + "".join(chance.choices(words.VIN_LETTERS, k=8)) if chance.random() < 0.9 else None,
            licensePlate=self._plate(code, number) if chance.random() < 0.95 else None,
            brand=brand if chance.random() < 0.97 else None,
            model=model,
        )

    def _plate(self, code: str, number: int) -> str:
        letters = "".join(self.random.choices("ABCDEFGHJKLMNPRSTUVWXYZ", k=2))
        return f"{code}-{letters} {number + self.random.randrange(0, 80) * 100 if number < 1000 else number}"

    def add_user(self, domain: str) -> int:
        """A person; one in twelve has only an e-mail address."""
        number = len(self.customer.things["users"]) + 1
        first, last = self.random.choice(FIRST_NAMES), self.random.choice(LAST_NAMES)
        name: Record = {"firstName": first, "lastName": last}
        email = f"{_ascii(first)}.{_ascii(last)}.{number}@{domain}"
        if self.random.random() < 1 / 12:
            name, email = {"firstName": None, "lastName": None}, f"fahrer{number}@{domain}"
        return self.customer.add("users", emailAddress=email, userData=name)

    def add_box(self) -> int:
        """A box and its contract; one contract in ten has been terminated."""
        number = len(self.customer.things["products"]) + 1
        pairs = f"{0xC108F000 + number * 37:08X}"
        self.customer.add(
            "products",
            uniqueId="-".join(pairs[at : at + 2] for at in (0, 2, 4, 6)),
            serialNumber=f"FB-{100_000 + number}",
            sapNumber=self.random.choice(("4711001", "4711002", "4711009")),
            dongleTerminationTimeStamp=None,
            type="flinkey Box" if self.random.random() < 0.9 else "flinkey IQ",
        )
        ended = self._at(-self.random.randrange(24, 24 * 300)) if self.random.random() < 0.1 else None
        return self.customer.add(
            "services",
            name=f"Dienstleistungsvertrag 20{self.random.randrange(19, 27)}-{number:04d}",
            isTerminated=ended is not None,
            terminationDate=ended,
            terminationCause=self.random.choice(words.CAUSES) if ended else None,
            productId=None if ended else number,
        )

    def add_window(self, car: int) -> int:
        """A window between 20 days ago and 20 days ahead: shifts, days, weeks, some without an end."""
        chance = self.random
        start = int(chance.triangular(-20 * 24, 19 * 24, -4))  # most of them around now
        hours = chance.choice((4, 8, 8, 9, 12, 24, 72, 168))
        end = min(start + hours, 20 * 24)
        lifetime = chance.choice((None, None, None, 864_000, 1_209_600))
        user = chance.randrange(1, len(self.customer.things["users"]) + 1)
        return self.customer.add_window(
            car,
            None if chance.random() < 0.03 else user,
            self._at(start),
            None if chance.random() < 0.08 else self._at(end),
            lifetime=lifetime,
            renewable_after=lifetime // 2 if lifetime else None,
        )

    def _at(self, hours: int) -> str:
        return written(self.now + timedelta(hours=hours))


def _ascii(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.lower().translate(ASCII))
    return plain.encode("ascii", "ignore").decode()
