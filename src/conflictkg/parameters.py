"""What can be put into a published question: the values that its VALUES give are defaults.

``VALUES ?organization { <…/0014> }`` makes ``organization`` a parameter. Another value takes the default's place in
the parsed query, as a term: no text of anybody's is ever joined to a query.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date
from difflib import get_close_matches
from typing import Any

from conflictkg.answers import XSD, XSD_STRING, Iri, Literal
from conflictkg.engine.algebra import Query, Values
from conflictkg.engine.syntax import parse_query
from conflictkg.engine.syntax.unparse import unparse
from conflictkg.errors import ParameterError
from conflictkg.iris import is_absolute
from conflictkg.questions import Question
from conflictkg.terms import PREFIXES

_SHORT_IRI = re.compile(r"([a-z][a-z0-9-]*):([A-Za-z0-9_-][A-Za-z0-9_.-]*)")
_FORMS = {
    XSD + "integer": re.compile(r"[+-]?[0-9]{1,18}"),
    XSD + "decimal": re.compile(r"[+-]?(?:[0-9]{1,15}(?:\.[0-9]{1,15})?|\.[0-9]{1,15})"),
    XSD + "double": re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?"),
    XSD + "boolean": re.compile("true|false|1|0"),
    XSD + "date": re.compile(r"-?[0-9]{4,}-[0-9]{2}-[0-9]{2}"),
    XSD + "dateTime": re.compile(
        r"-?[0-9]{4,}-[0-9]{2}-[0-9]{2}T[0-9:.]+(?:Z|[+-][0-9]{2}:[0-9]{2})?"
    ),
    XSD + "gYear": re.compile(r"-?[0-9]{4,}"),
}
MOST_VALUES = 100
"""Values of one parameter."""

Value = Iri | Literal


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing that a question can be asked about.

    Args:
        name: Of the variable that it is the value of.
        kind: ``iri``, or the IRI of the datatype.
        defaults: What the question is about if nobody says otherwise.
        is_list: Whether several values may be given.
    """

    name: str
    kind: str
    defaults: tuple[Value, ...]
    is_list: bool


def parameters_of(question: Question) -> tuple[Parameter, ...]:
    """The parameters of a question, in their order in its text.

    >>> from conflictkg.questions import find_question, load_questions
    >>> [each.name for each in parameters_of(find_question("events-possibly-in-month", load_questions()))]
    ['from', 'to']
    """
    found: dict[str, Parameter] = {}
    for values in _iter_values(parse_query(question.sparql)):
        for place, variable in enumerate(values.variables):
            terms = [row[place] for row in values.rows]
            defaults = tuple(each for each in terms if isinstance(each, Iri | Literal))
            if defaults and len(defaults) == len(terms):
                is_list = len(values.variables) == 1
                parameter = Parameter(variable.name, _kind_of(defaults[0]), defaults, is_list)
                found.setdefault(variable.name, parameter)
    return tuple(found.values())


def ask_about(question: Question, given: Mapping[str, Sequence[str]]) -> str:
    """The text of a question with other values for some of its parameters.

    Args:
        question: The question.
        given: The values by name, as people write them: whole IRIs or prefixed ones, dates, numbers.

    Raises:
        ParameterError: There is no such parameter, or a value is none of its kind.
    """
    known = {each.name: each for each in parameters_of(question)}
    values = {name: _read_all(name, texts, known) for name, texts in given.items()}
    if not values:
        return question.sparql
    return unparse(_put_in(parse_query(question.sparql), values))


def _read_all(name: str, texts: Sequence[str], known: Mapping[str, Parameter]) -> tuple[Value, ...]:
    if name not in known:
        close = get_close_matches(name, list(known), n=1)
        names = ", ".join(known) or "none: this question has no parameters"
        hint = f'Did you mean "{close[0]}"?' if close else f"Known: {names}."
        raise ParameterError(name, f"the question has no such parameter. {hint}")
    parameter = known[name]
    if not parameter.is_list and len(texts) != 1:
        raise ParameterError(name, f"is given {len(texts)} times. Give it once.")
    if len(texts) > MOST_VALUES:
        raise ParameterError(name, f"has {len(texts)} values. Give at most {MOST_VALUES}.")
    return tuple(_read(parameter, text.strip()) for text in texts)


def _read(parameter: Parameter, text: str) -> Value:
    if parameter.kind == "iri":
        short = _SHORT_IRI.fullmatch(text)
        if short is not None and short[1] in PREFIXES:
            return Iri(PREFIXES[short[1]] + short[2])
        if not is_absolute(text):
            raise ParameterError(
                parameter.name,
                f'"{text[:100]}" is no IRI. Give a whole one, such as {write_value(parameter.defaults[0])}.',
            )
        return Iri(text)
    form = _FORMS.get(parameter.kind)
    if (form is not None and not form.fullmatch(text)) or not _is_day(parameter.kind, text):
        raise ParameterError(
            parameter.name,
            f'"{text[:100]}" is no {parameter.kind.rpartition("#")[2]}. Give one such as '
            f"{write_value(parameter.defaults[0])}.",
        )
    default = parameter.defaults[0]
    language = default.language if isinstance(default, Literal) else ""
    return Literal(text, language=language) if language else Literal(text, parameter.kind)


def _is_day(kind: str, text: str) -> bool:
    """Whether a date is one of the calendar; what is no date is none of its business."""
    if kind not in {XSD + "date", XSD + "dateTime"}:
        return True
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        return False
    return True


def write_value(value: Value) -> str:
    """A value as people give it.

    >>> write_value(Iri("http://e/a"))
    'http://e/a'
    """
    return value.value if isinstance(value, Iri) else value.lexical


def _kind_of(value: Value) -> str:
    if isinstance(value, Iri):
        return "iri"
    return XSD_STRING if value.language else value.datatype


def _iter_values(node: object) -> Iterator[Values]:
    if isinstance(node, Values):
        yield node
    elif isinstance(node, tuple):
        for each in node:
            yield from _iter_values(each)
    elif is_dataclass(node):
        for each in fields(node):
            yield from _iter_values(getattr(node, each.name))


def _put_in(node: Query, values: Mapping[str, tuple[Value, ...]]) -> Query:
    """A query with values in the place of defaults."""

    def change(each: Any) -> Any:
        if isinstance(each, Values):
            return _change_values(each, values)
        if isinstance(each, tuple):
            return tuple(change(part) for part in each)
        if is_dataclass(each) and not isinstance(each, type):
            parts = {
                part.name: change(getattr(each, part.name)) for part in fields(each) if part.init
            }
            return replace(each, **parts)
        return each

    changed: Query = change(node)
    return changed


def _change_values(node: Values, values: Mapping[str, tuple[Value, ...]]) -> Values:
    names = [each.name for each in node.variables]
    if len(names) == 1:
        given = values.get(names[0])
        return node if given is None else replace(node, rows=tuple((each,) for each in given))
    rows = tuple(
        tuple(
            values[name][0] if name in values else term
            for name, term in zip(names, row, strict=True)
        )
        for row in node.rows
    )
    return replace(node, rows=rows)
