"""Constants of a kind that the values they are compared with never have."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from conflictkg.answers import RDF_LANG_STRING, XSD, Iri, Literal
from conflictkg.engine.algebra import (
    Bgp,
    Call,
    Expression,
    Join,
    LeftJoin,
    TriplePattern,
    Var,
)
from conflictkg.engine.check.advice import Advice, Wording
from conflictkg.engine.check.facts import TYPE, Facts
from conflictkg.engine.check.levels import Level, expressions_of, spine_of, walk
from conflictkg.engine.ids import Tag, dictionary_tag, inline_id, tag_of


class Family(Enum):
    """Kinds of terms that can be compared with one another, in words."""

    NODE = "an IRI"
    STRING = "a plain string"
    LANG = "a string with a language"
    NUMBER = "a number"
    BOOLEAN = "a boolean"
    DATETIME = "a date with a time"
    DATE = "a date"


_FAMILIES = {
    Tag.BLANK: Family.NODE,
    Tag.IRI: Family.NODE,
    Tag.STRING: Family.STRING,
    Tag.LANG: Family.LANG,
    Tag.INTEGER: Family.NUMBER,
    Tag.DECIMAL: Family.NUMBER,
    Tag.DOUBLE: Family.NUMBER,
    Tag.NUMERIC: Family.NUMBER,
    Tag.BOOLEAN: Family.BOOLEAN,
    Tag.DATETIME: Family.DATETIME,
    Tag.DATETIME_UTC: Family.DATETIME,
    Tag.DATE: Family.DATE,
}

_COMPARISONS = frozenset({"=", "!=", "<", ">", "<=", ">=", "IN", "NOT IN"})
_ON_STRINGS = frozenset(
    {
        "CONTAINS", "STRSTARTS", "STRENDS", "REGEX", "LCASE", "UCASE", "STRLEN", "SUBSTR", "REPLACE",
        "STRBEFORE", "STRAFTER", "CONCAT", "LANG",
    }
)  # fmt: skip
_ANY = (1 << 64) - 1
_LANGUAGES = ("en", "ar", "fr", "de", "es", "ru", "ur", "ps", "fa")


@dataclass(frozen=True, slots=True)
class _Values:
    """What values a variable can have.

    Args:
        tags: Bit ``1 << tag`` for each kind.
        source: The property that says so.
    """

    tags: int
    source: Iri | None = None

    def family(self) -> Family | None:
        """The one kind of all values; ``None`` where there are several, or one that we know nothing of."""
        found = {_FAMILIES.get(tag) for tag in Tag if self.tags >> tag & 1}
        return found.pop() if len(found) == 1 else None


class Kinds:
    """Looks at which kinds of values a constant is compared with.

    Args:
        facts: The store's.
        wording: The query's.
    """

    def __init__(self, facts: Facts, wording: Wording) -> None:
        self._facts, self._wording = facts, wording

    def check(self, level: Level) -> Iterator[Advice]:
        """Advice on one level."""
        for triple in _triples(level):
            yield from self._check_triple(triple)
        values = self._infer(level)
        for each in level.spine:
            for expression, _ in expressions_of(each):
                yield from self._check_expression(expression, values)

    # Triples

    def _check_triple(self, triple: TriplePattern) -> Iterator[Advice]:
        if not isinstance(triple.predicate, Iri) or isinstance(triple.object, Var):
            return
        known = self._facts.predicate(triple.predicate)
        if known is None or triple.predicate == TYPE:
            return
        tag = _tag(triple.object)
        if known.object_tags >> tag & 1:
            return
        held, given = _Values(known.object_tags).family(), _FAMILIES.get(tag)
        if held is None or given is None:
            return
        shown = self._wording.show(triple.object)
        yield self._wording.advise(
            "wrong-kind",
            f"{shown} is {_kind(triple.object)}, but every value of "
            f"{self._wording.show(triple.predicate)} is {held.value}, so this never matches.",
            triple.place,
            triple.predicate,
            suggestion=self._convert(triple.object, held, known.object_tags),
        )

    # Comparisons and functions

    def _check_expression(
        self, expression: Expression, values: dict[str, _Values]
    ) -> Iterator[Advice]:
        for part in walk(expression):
            if not isinstance(part, Call):
                continue
            if part.name in _COMPARISONS and part.arguments:
                yield from self._check_comparison(part, values)
            elif part.name in _ON_STRINGS:
                yield from self._check_function(part, values)

    def _check_comparison(self, call: Call, values: dict[str, _Values]) -> Iterator[Advice]:
        variables = [each for each in call.arguments if isinstance(each, Var)]
        constants = [each for each in call.arguments if isinstance(each, Iri | Literal)]
        if len(variables) != 1 or len(constants) + 1 != len(call.arguments):
            return
        known = values.get(variables[0].name)
        held = known.family() if known is not None else None
        if known is None or held is None:
            return
        for each in constants:
            given = _FAMILIES.get(_tag(each))
            if given is None or given is held:
                continue
            name = self._wording.show(variables[0])
            if {given, held} == {Family.STRING, Family.LANG}:
                message = (
                    f"{self._wording.show(each)} is {given.value}, and every value of {name} is "
                    f"{held.value}: they are never equal."
                )
                fixed = self._with_language(each, known.tags) if held is Family.LANG else ""
                fixed = f"STR({name})" + (f", or {fixed}" if fixed else "")
            else:
                message = (
                    f"{name} is always {held.value}, and {self._wording.show(each)} is {given.value}: "
                    "this comparison never holds."
                )
                fixed = self._convert(each, held, known.tags)
            yield self._wording.advise(
                "wrong-kind", message, call.place, variables[0], suggestion=fixed
            )

    def _check_function(self, call: Call, values: dict[str, _Values]) -> Iterator[Advice]:
        arguments = call.arguments if call.name == "CONCAT" else call.arguments[:1]
        for each in arguments:
            if not isinstance(each, Var) or each.name not in values:
                continue
            held = values[each.name].family()
            if held in {None, Family.STRING, Family.LANG}:
                continue
            name = self._wording.show(each)
            yield self._wording.advise(
                "wrong-kind",
                f"{call.name} is for strings, and {name} is always {held.value if held else ''}: it is "
                "an error for every solution.",
                call.place,
                each,
                suggestion=f"{call.name}(STR({name}){', …' if len(call.arguments) > 1 else ''})",
            )

    # What values variables have

    def _infer(self, level: Level) -> dict[str, _Values]:
        """Variables that are bound by a triple of the level, or by one OPTIONAL and nothing else."""
        found: dict[str, _Values] = {}
        self._narrow(found, _triples(level))
        outer = level.parent
        while outer is not None:
            self._narrow(found, (each for each in _triples(outer) if level.seen))
            outer = outer.parent
        optional: dict[str, _Values] = {}
        clashing: set[str] = set()
        for each in level.core:
            if isinstance(each, LeftJoin):
                own: dict[str, _Values] = {}
                self._narrow(own, _pattern_triples(each.right))
                clashing |= own.keys() & optional.keys()
                optional |= own
        for name, values in optional.items():
            if name not in found and name not in clashing:
                found[name] = values
        return found

    def _narrow(self, found: dict[str, _Values], triples: Iterator[TriplePattern]) -> None:
        for triple in triples:
            if not isinstance(triple.predicate, Iri):
                continue
            known = self._facts.predicate(triple.predicate)
            if known is None:
                continue
            ends = ((triple.subject, known.subject_tags), (triple.object, known.object_tags))
            for node, tags in ends:
                if isinstance(node, Var):
                    before = found.get(node.name, _Values(_ANY))
                    found[node.name] = _Values(before.tags & tags, triple.predicate)

    # What to write instead

    def _convert(self, term: Iri | Literal, held: Family, tags: int) -> str:
        """The constant as the kind that would match; empty where it cannot be."""
        if not isinstance(term, Literal):
            return ""
        if held is Family.LANG:
            return self._with_language(term, tags)
        for datatype in _DATATYPES.get(held, ()):
            changed = Literal(term.lexical, datatype)
            if _FAMILIES.get(_tag(changed)) is held:
                return self._wording.show(changed)
        return ""

    def _with_language(self, term: Iri | Literal, tags: int) -> str:
        if not isinstance(term, Literal) or not tags >> Tag.LANG & 1:
            return ""
        for language in _LANGUAGES:
            changed = Literal(term.lexical, RDF_LANG_STRING, language)
            if self._facts.find(changed) is not None:
                return self._wording.show(changed)
        return self._wording.show(Literal(term.lexical, RDF_LANG_STRING, "en"))


_DATATYPES = {
    Family.STRING: (XSD + "string",),
    Family.NUMBER: (XSD + "integer", XSD + "decimal", XSD + "double"),
    Family.BOOLEAN: (XSD + "boolean",),
    Family.DATETIME: (XSD + "dateTime",),
    Family.DATE: (XSD + "date",),
}


def _tag(term: Iri | Literal) -> Tag:
    if isinstance(term, Literal):
        inline = inline_id(term.lexical, term.datatype)
        if inline is not None:
            return tag_of(inline)
    return dictionary_tag(term)


def _kind(term: Iri | Literal) -> str:
    family = _FAMILIES.get(_tag(term))
    return family.value if family is not None else "another kind of literal"


def _triples(level: Level) -> Iterator[TriplePattern]:
    """Triples that every solution of a level matches."""
    for each in level.core:
        bgp = each.right if isinstance(each, Join) else each
        if isinstance(bgp, Bgp):
            yield from (triple for triple in bgp.triples if isinstance(triple, TriplePattern))


def _pattern_triples(pattern: object) -> Iterator[TriplePattern]:
    for each in spine_of(pattern):  # type: ignore[arg-type]  # any pattern
        bgp = each.right if isinstance(each, Join) else each
        if isinstance(bgp, Bgp):
            yield from (triple for triple in bgp.triples if isinstance(triple, TriplePattern))
