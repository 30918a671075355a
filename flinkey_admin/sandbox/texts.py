"""Every sentence of the vendor's pages, word for word, typos included."""

NO_KEY = (
    "Access denied due to missing subscription key. "
    "Make sure to include subscription key when making requests to an API."
)
BAD_KEY = "Access denied due to invalid subscription key. Make sure to provide a valid key for an active subscription."
UNAUTHORIZED = "Unauthorized. Access token is missing or invalid."
NO_MANAGER = "Unable to find a manager for the given OAuth ID claim data."
SERVER_ERROR = "Internal server error."
RATE_LIMIT = "Rate limit is exceeded. Try again in {seconds} seconds."

NO_CAR = "Unable to find a car for the given carId which is assigned to the given customerId."
NO_USER = "Unable to find an user for the given userId which is assigned to the given customerId."
NO_ASSIGNMENT = "Unable to find an assignment for the given assignmentId."

GROUP_UNKNOWN_ON_READ = "Could not find the group with the given Id."
GROUP_UNKNOWN = "Could not find group with the given Id."
GROUP_UNKNOWN_ON_RENAME = "No group can be found for this groupId that is assigned to this customerId."
GROUP_WITHOUT_NAME = "Could not create group. No group name given."
GROUP_NAME_TAKEN = "A group with the same name already exists."
GROUP_NAME_BLANK = "The group name must not be null, empty or white space."
GROUP_NAME_TOO_LONG = "The group name must be of maximum length '250'."
GROUP_NOT_EMPTY = (
    "Could not delete group because of existing relations. Please delete all relations to the group and try again."
)

# The asynchronous work has no documented texts at all: these are ours.
NO_BOX = "The car has no product installed."
END_BEFORE_START = "The end must be later than the start."
LIFETIME_OUTSIDE = "The lifetime must be greater than 604800 and less than 2419200."
RENEWAL_TOO_LATE = "The renewableAfter must be greater than 0 and less than the lifetime."
NEEDS_CAR_AND_START = "An assignment needs a car and a start."

SINGULAR = {"cars": "car", "users": "user", "services": "service", "products": "product"}


def member_unknown(kind: str) -> str:
    """The 404 for a car, user, service or product that the customer does not have."""
    return f"Could not find {SINGULAR[kind]} with the given Id."


def member_already(kind: str) -> str:
    """The 409 for a second assignment; the vendor's page misspells the service."""
    noun = "servie" if kind == "services" else SINGULAR[kind]
    return f"The {noun} with the given Id is already assigned to the group with the given Id."


def member_missing(kind: str) -> str:
    """The 404 for removing what is not in the group."""
    return f"The {SINGULAR[kind]} with the given Id is not assigned to the group with the given Id."
