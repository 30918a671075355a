"""An id of flinkey in an address."""


class IdConverter:
    """A whole number from 1 that a database can hold; flinkey's own ids have 32 bits. One way to write each."""

    regex = "[1-9][0-9]{0,17}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)
