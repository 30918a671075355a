"""An id of flinkey in an address, a form or a message."""

import re

# A whole number from 1 that a database can hold; flinkey's own ids have 32 bits. One way to write each.
ID = "[1-9][0-9]{0,17}"


class IdConverter:
    """For `<id:...>` in the address of a page."""

    regex = ID

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


def id_of(text: object) -> int | None:
    """The id that this text is, or None when it is not one."""
    return int(str(text)) if re.fullmatch(ID, str(text)) else None
