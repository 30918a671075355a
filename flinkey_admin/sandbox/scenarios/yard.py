"""`yard`: small, and the same to the last letter, for tests. Password of all managers: flinkey-demo.

Managers: coordinator@nordwind.example (customer 1), both@nordwind.example (1 and 2),
sued@suedstern.example (2), nobody@nordwind.example (none).

Customer 1, "Nordwind Flotte GmbH":

    groups    1 Hamburg                  cars 1 2 3 4, users 1 2 4, services 1 2, products 1 2
              2 Berlin                   cars 5 6,     users 3,     service 3,    product 3
              3 Nachtschicht "Süd" & Co  car 4,        user 4
              4 Leer
    cars      1 Pool 1 (HH-FK 1234, VW ID.3, with VIN)     5 Geschäftsführung (no plate, BMW i4)
              2 Pool 2 (HH-FK 1302, VW ID.3)               6 Werkstattersatz mit einem sehr langen … (B-WE 7)
              3 Pool 3 (HH-NW 88, Škoda Octavia)           7 Neuzugang (nothing known, no group)
              4 Pool 4 (HH-NW 91, Ford Transit)            every car has a box installed
    users     1 Jörg Müller  2 Ayşe Öztürk  3 Seán O'Brien  4 (no name)  5 Zoë Groß (no group)
    services  1 and 2 running, paired with products 1 and 2; 3 terminated, with date and cause
    products  1 C1-08-F0-94  2 C1-08-F0-95  3 C1-0A-17-2B (a flinkey IQ, with dongleTerminationTimeStamp)
    windows   1 car 1, user 1, five days ago, open end
              2 car 1, user 2, tomorrow 08:00 to 17:00 UTC
              3 car 2, user 1, three days ago to two days ago
              4 car 2, user 3, two hours ago to in three hours, lifetime 864000, renewableAfter 432000
              5 car 3, nobody, yesterday to in two days

Customer 2, "Südstern Carsharing AG", has the same ids under other names:

    groups    1 Stuttgart (cars 1 2, user 1, service 1, product 1)   2 Ulm (car 3, user 2)
    cars      1 Stern 1 (S-SC 101)  2 Stern 2 (S-SC 102)  3 Stern 3 (UL-SC 1)
    users     1 Björn Häußler  2 Lena Schäfer
    service 1, product 1, window 1 (car 1, user 1, one hour ago to in five hours)
"""

from datetime import datetime, timedelta

from ..clock import written
from ..world import Customer, World
from .cast import cast

LONG_NAME = "Werkstattersatz mit einem sehr langen Namen, der abgeschnitten werden muss"
Row = tuple[str | None, ...]

CARS: tuple[Row, ...] = (
    ("Pool 1", "Stellplatz 14, Ladekarte im Handschuhfach", "WVWZZZE1ZMP012345", "HH-FK 1234", "VW", "ID.3"),
    ("Pool 2", None, "WVWZZZE1ZMP012346", "HH-FK 1302", "VW", "ID.3"),
    ("Pool 3", None, "TMBJJ7NX5NY045678", "HH-NW 88", "Škoda", "Octavia"),
    ("Pool 4", None, None, "HH-NW 91", "Ford", "Transit"),
    ("Geschäftsführung", None, "WBY31AW0X0FM12345", None, "BMW", "i4"),
    (LONG_NAME, None, None, "B-WE 7", "Opel", "Corsa"),
    ("Neuzugang", None, None, None, None, None),
)
STERNE: tuple[Row, ...] = (
    ("Stern 1", None, "WME4533911K123456", "S-SC 101", "Smart", "EQ fortwo"),
    ("Stern 2", None, None, "S-SC 102", "Renault", "ZOE"),
    ("Stern 3", None, None, "UL-SC 1", "Renault", "ZOE"),
)
USERS: tuple[Row, ...] = (
    ("joerg.mueller@nordwind.example", "Jörg", "Müller"),
    ("ayse.oeztuerk@nordwind.example", "Ayşe", "Öztürk"),
    ("sean.obrien@nordwind.example", "Seán", "O'Brien"),
    ("nachtwache@nordwind.example", None, None),
    ("zoe.gross@nordwind.example", "Zoë", "Groß"),
)
NACHBARN: tuple[Row, ...] = (
    ("bjoern.haeussler@suedstern.example", "Björn", "Häußler"),
    ("lena.schaefer@suedstern.example", "Lena", "Schäfer"),
)


def build(now: datetime) -> World:
    """The world described above."""
    world, nordwind, suedstern = cast()
    _fill_nordwind(nordwind, now)
    _fill_suedstern(suedstern, now)
    return world


def _fill_nordwind(customer: Customer, now: datetime) -> None:
    _add_people_and_cars(customer, CARS, USERS)
    _add_boxes(customer, now)
    customer.add_group("Hamburg", cars=[1, 2, 3, 4], users=[1, 2, 4], services=[1, 2], products=[1, 2])
    customer.add_group("Berlin", cars=[5, 6], users=[3], services=[3], products=[3])
    customer.add_group('Nachtschicht "Süd" & Co', cars=[4], users=[4])
    customer.add_group("Leer")
    _add_windows(customer, now)


def _add_people_and_cars(customer: Customer, cars: tuple[Row, ...], users: tuple[Row, ...]) -> None:
    for name, description, vin, plate, brand, model in cars:
        customer.add(
            "cars",
            name=name,
            description=description,
            vin=vin,
            licensePlate=plate,
            brand=brand,
            model=model,
        )
    for email, first, last in users:
        customer.add("users", emailAddress=email, userData={"firstName": first, "lastName": last})


def _add_boxes(customer: Customer, now: datetime) -> None:
    ended = written(now - timedelta(days=30))
    _add_service(customer, "Dienstleistungsvertrag 2024-0001", product=1)
    _add_service(customer, "Dienstleistungsvertrag 2024-0002", product=2)
    _add_service(customer, "Dienstleistungsvertrag 2021-0417", ended=ended, cause="Kündigung durch den Kunden")
    _add_product(customer, "C1-08-F0-94", "FB-100001", "4711001", "flinkey Box")
    _add_product(customer, "C1-08-F0-95", "FB-100002", "4711001", "flinkey Box")
    _add_product(customer, "C1-0A-17-2B", "FQ-200001", "4711002", "flinkey IQ", ended=ended)


def _add_service(
    customer: Customer,
    name: str,
    product: int | None = None,
    ended: str | None = None,
    cause: str | None = None,
) -> None:
    customer.add(
        "services",
        name=name,
        isTerminated=ended is not None,
        terminationDate=ended,
        terminationCause=cause,
        productId=product,
    )


def _add_product(
    customer: Customer,
    box: str,
    serial: str,
    sap: str,
    kind: str,
    *,
    ended: str | None = None,
) -> None:
    customer.add(
        "products",
        uniqueId=box,
        serialNumber=serial,
        sapNumber=sap,
        dongleTerminationTimeStamp=ended,
        type=kind,
    )


def _add_windows(customer: Customer, now: datetime) -> None:
    def at(**distance: int) -> str:
        return written(now + timedelta(**distance))

    tomorrow = now + timedelta(days=1)
    customer.add_window(1, 1, at(days=-5), None)
    customer.add_window(1, 2, written(tomorrow.replace(hour=8)), written(tomorrow.replace(hour=17)))
    customer.add_window(2, 1, at(days=-3), at(days=-2))
    customer.add_window(2, 3, at(hours=-2), at(hours=3), lifetime=864_000, renewable_after=432_000)
    customer.add_window(3, None, at(days=-1), at(days=2))


def _fill_suedstern(customer: Customer, now: datetime) -> None:
    _add_people_and_cars(customer, STERNE, NACHBARN)
    _add_service(customer, "Servicevertrag Süd 1", product=1)
    _add_product(customer, "D2-11-A0-01", "FB-300001", "4711001", "flinkey Box")
    customer.add_group("Stuttgart", cars=[1, 2], users=[1], services=[1], products=[1])
    customer.add_group("Ulm", cars=[3], users=[2])
    customer.add_window(1, 1, written(now - timedelta(hours=1)), written(now + timedelta(hours=5)))
