"""An id of flinkey in an address."""


class IdConverter:
    """A whole number that a database can hold; flinkey's own ids have 32 bits."""

    regex = "[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)
