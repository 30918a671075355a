"""flinkey's sentences and what they mean: the one place that knows them, slips of the pages included."""

_KINDS = ("car", "user", "service", "servie", "product")

# 404 -> what is missing. Pages: Grouping, Assignments, Installations.
_MISSING = {
    "unable to find a manager for the given oauth id claim data": "manager",
    "could not find the group with the given id": "group",
    "could not find group with the given id": "group",
    "no group can be found for this groupid that is assigned to this customerid": "group",
    "could not find car with the given id": "car",
    "unable to find a car for the given carid which is assigned to the given customerid": "car",
    "could not find user with the given id": "user",
    "unable to find an user for the given userid which is assigned to the given customerid": "user",
    "could not find service with the given id": "service",
    "could not find product with the given id": "product",
    "unable to find a product for the given productid, serialnumber or uniqueid": "product",
    "unable to find an assignment for the given assignmentid": "assignment",
    **{f"the {k} with the given id is not assigned to the group with the given id": "member" for k in _KINDS},
}

# 409 -> why. Page: Grouping.
_CONFLICTS = {
    "a group with the same name already exists": "name",
    "could not delete group because of existing relations. "
    "please delete all relations to the group and try again": "relations",
    **{f"the {k} with the given id is already assigned to the group with the given id": "member" for k in _KINDS},
}


def missing(sentence: str) -> str:
    """What the sentence of a 404 says is missing, or "unknown"."""
    return _MISSING.get(_plain(sentence), "unknown")


def conflict(sentence: str) -> str:
    """Why the sentence of a 409 says no, or "unknown"."""
    return _CONFLICTS.get(_plain(sentence), "unknown")


def blames_api_key(sentence: str) -> bool:
    """The sentence of a 401 is about the API key ("subscription key" to the gateway), not the token."""
    return "subscription key" in sentence.lower()


def _plain(sentence: str) -> str:
    return " ".join(sentence.split()).strip('". ').lower()
