"""The fields that queries may name, with their types, by what a list holds."""

from .settings import Settings

INT, TEXT, BOOL, DATE, OBJECT = "int", "text", "bool", "date", "object"
Fields = dict[str, str]

FIELDS: dict[str, Fields] = {
    "customers": {"id": INT, "name": TEXT},
    "cars": {
        "id": INT,
        "name": TEXT,
        "description": TEXT,
        "vin": TEXT,
        "licensePlate": TEXT,
        "brand": TEXT,
        "model": TEXT,
    },
    "users": {
        "id": INT,
        "emailAddress": TEXT,
        "userData": OBJECT,
        "userData/firstName": TEXT,
        "userData/lastName": TEXT,
    },
    "services": {
        "id": INT,
        "name": TEXT,
        "isTerminated": BOOL,
        "terminationDate": DATE,
        "terminationCause": TEXT,
        "productId": INT,
    },
    "products": {
        "id": INT,
        "uniqueId": TEXT,
        "serialNumber": TEXT,
        "sapNumber": TEXT,
        "dongleTerminationTimeStamp": DATE,
        "type": TEXT,
    },
    "assignment": {
        "id": INT,
        "carId": INT,
        "userId": INT,
        "start": DATE,
        "end": DATE,
        "lifetime": INT,
        "renewableAfter": INT,
    },
    "assignments of car": {"id": INT, "userId": INT, "start": DATE, "end": DATE},
    "assignments of user": {"id": INT, "carId": INT, "start": DATE, "end": DATE},
}


def fields_of(what: str, settings: Settings) -> Fields:
    """The fields as the settings have them served."""
    fields = dict(FIELDS[what])
    if what == "customers" and settings.customer_ids == "string":
        fields["id"] = TEXT
    if what == "services" and settings.service_shape == "old":
        del fields["productId"]
    if what == "products" and settings.product_shape == "new":
        del fields["dongleTerminationTimeStamp"]
    return fields
