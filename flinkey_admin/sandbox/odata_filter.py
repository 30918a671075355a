"""$filter: a small recursive descent parser that turns the text into a predicate."""

import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from .clock import parsed, written
from .fields import BOOL, DATE, INT, OBJECT, TEXT, Fields
from .messages import malformed
from .world import Record

NULL = "null"
DEEPEST = 50
TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')"
    r"|(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.]+(?:Z|[+-][0-9]{2}:[0-9]{2})?)?)"
    r"|(?P<int>-?[0-9]{1,18}(?![0-9A-Za-z_.]))"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*(?:/[A-Za-z_][A-Za-z0-9_]*)*)"
    r"|(?P<mark>[(),]))"
)
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
SEARCH: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda text, part: part in text,
    "startswith": str.startswith,
    "endswith": str.endswith,
}
CHANGE: dict[str, Callable[[str], str]] = {"tolower": str.lower, "toupper": str.upper, "trim": str.strip}


@dataclass(frozen=True)
class Node:
    """A typed piece of the expression and how to work it out for a record."""

    kind: str
    of: Callable[[Record], Any]


def value_of(row: Record, path: str) -> Any:
    """The value at `userData/lastName` or `name`; None where something on the way is missing."""
    value: Any = row
    for name in path.split("/"):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def compile_filter(text: str, fields: Fields) -> Callable[[Record], bool]:
    """The predicate for a $filter; a refusal with 400 when it is malformed or names unknown fields."""
    parser = _Parser(_tokens(text), fields)
    node = parser.either()
    parser.expect_end()
    return _condition(node).of


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, position, end = [], 0, len(text.rstrip())
    while position < end:
        match = TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise malformed(f"Syntax error at position {position} in '{text}'.")
        tokens.append((match.lastgroup, match.group(match.lastgroup)))
        position = match.end()
    return tokens


def _condition(node: Node) -> Node:
    if node.kind != BOOL:
        raise malformed("The $filter expression must be a condition.")
    return node


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]], fields: Fields) -> None:
        self._tokens = tokens
        self._fields = fields
        self._at = 0
        self._depth = 0

    def either(self) -> Node:
        """or, the loosest of all."""
        parts = [self._both()]
        while self._take_word("or"):
            parts.append(self._both())
        return _joined(any, parts)

    def expect_end(self) -> None:
        """Refuse anything left over."""
        if self._at < len(self._tokens):
            raise malformed(f"Unexpected '{self._tokens[self._at][1]}' in $filter.")

    def _both(self) -> Node:
        parts = [self._negated()]
        while self._take_word("and"):
            parts.append(self._negated())
        return _joined(all, parts)

    def _negated(self) -> Node:
        if not self._take_word("not"):
            return self._comparison()
        self._deeper()
        inner = _condition(self._negated()).of
        return Node(BOOL, lambda row: not inner(row))

    def _comparison(self) -> Node:
        left = self._operand()
        if self._take_word("in"):
            return _contained(left, self._list())
        kind, word = self._peek()
        if kind == "word" and word in COMPARE:
            self._at += 1
            return _compared(word, left, self._operand())
        return left

    def _operand(self) -> Node:
        kind, text = self._next()
        if kind == "mark" and text == "(":
            self._deeper()
            inner = self.either()
            self._expect(")")
            return inner
        if kind == "word":
            return self._word(text)
        return _literal(kind, text)

    def _word(self, word: str) -> Node:
        if self._peek() == ("mark", "("):
            return self._function(word)
        if word in ("true", "false"):
            return Node(BOOL, lambda _: word == "true")
        if word == "null":
            return Node(NULL, lambda _: None)
        if word not in self._fields or self._fields[word] == OBJECT:
            raise malformed(f"Could not find a property named '{word}'.")
        return Node(self._fields[word], lambda row: value_of(row, word))

    def _function(self, name: str) -> Node:
        self._deeper()
        arguments = self._list(self.either)
        if any(node.kind not in (TEXT, NULL) for node in arguments):
            raise malformed(f"{name} takes strings.")
        if name in SEARCH and len(arguments) == 2:
            return _searched(SEARCH[name], *arguments)
        if name in CHANGE and len(arguments) == 1:
            return _changed(CHANGE[name], arguments[0])
        raise malformed(f"Unknown function {name} with {len(arguments)} arguments.")

    def _list(self, item: Callable[[], Node] | None = None) -> list[Node]:
        read = item or self._operand
        self._expect("(")
        nodes = [read()]
        while self._peek() == ("mark", ","):
            self._at += 1
            nodes.append(read())
        self._expect(")")
        return nodes

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise malformed("The $filter expression is too complex.")

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _next(self) -> tuple[str, str]:
        token = self._peek()
        if token[0] == "end":
            raise malformed("The $filter expression ends too early.")
        self._at += 1
        return token

    def _take_word(self, word: str) -> bool:
        if self._peek() != ("word", word):
            return False
        self._at += 1
        return True

    def _expect(self, mark: str) -> None:
        if self._next() != ("mark", mark):
            raise malformed(f"Expected '{mark}' in $filter.")


def _literal(kind: str, text: str) -> Node:
    if kind == "text":
        value = text[1:-1].replace("''", "'")
        return Node(TEXT, lambda _: value)
    if kind == "int":
        number = int(text)
        return Node(INT, lambda _: number)
    if kind == "date":
        moment = _moment(text)
        return Node(DATE, lambda _: moment)
    raise malformed(f"Unexpected '{text}' in $filter.")


def _moment(text: str) -> str:
    try:
        return written(parsed(text if "T" in text else f"{text}T00:00:00Z"))
    except ValueError as error:
        raise malformed(f"'{text}' is no date.") from error


def _check_kinds(left: Node, right: Node) -> None:
    if NULL not in (left.kind, right.kind) and left.kind != right.kind:
        raise malformed(f"Cannot compare {left.kind} with {right.kind}.")


def _compared(word: str, left: Node, right: Node) -> Node:
    _check_kinds(left, right)
    test = COMPARE[word]

    def compared(row: Record) -> bool:
        one, other = left.of(row), right.of(row)
        if word not in ("eq", "ne") and (one is None or other is None):
            return False  # nothing is greater or less than null
        return test(one, other)

    return Node(BOOL, compared)


def _contained(left: Node, items: list[Node]) -> Node:
    for item in items:
        _check_kinds(left, item)
    return Node(BOOL, lambda row: left.of(row) in [item.of(row) for item in items])


def _joined(test: Callable[[Iterable[Any]], bool], parts: list[Node]) -> Node:
    if len(parts) == 1:
        return parts[0]
    conditions = [_condition(part).of for part in parts]
    return Node(BOOL, lambda row: test(condition(row) for condition in conditions))


def _searched(test: Callable[[str, str], bool], text: Node, part: Node) -> Node:
    def searched(row: Record) -> bool:
        one, other = text.of(row), part.of(row)
        return one is not None and other is not None and test(one, other)

    return Node(BOOL, searched)


def _changed(change: Callable[[str], str], text: Node) -> Node:
    def changed(row: Record) -> str | None:
        value = text.of(row)
        return None if value is None else change(value)

    return Node(TEXT, changed)
