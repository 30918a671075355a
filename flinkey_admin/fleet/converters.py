"""The kind of member as a word in a URL."""

from flinkey_admin.flinkey import Kind


class KindConverter:
    """cars, users, services, products."""

    regex = "|".join(Kind)

    def to_python(self, value: str) -> Kind:
        return Kind(value)

    def to_url(self, value: str) -> str:
        return str(value)
