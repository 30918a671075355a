"""What is stored here about one person, to be shown or to be erased. What flinkey has is not ours to erase."""

from flinkey_admin.node.persons.erasure import Erased, forget
from flinkey_admin.node.persons.export import export
from flinkey_admin.node.persons.finding import Person, Unclear, find

__all__ = ["Erased", "Person", "Unclear", "export", "find", "forget"]
