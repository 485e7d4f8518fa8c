"""How rows become triples, as data: ``mapping.toml`` of a source, compiled to SQL.

A source whose releases have hundreds of thousands of rows is not converted row by row in Python. Its
``relations.sql`` makes tables of the rows as they came; its ``mapping.toml`` says which triples a row of such a
table stands for, in sections of blocks. A block is a subject with its properties. ``<claim/{release}/{id}-date>``
is an IRI below ours with columns in it, ``"{name}"@en``, ``"{start}"^^xsd:date`` and ``{best}^^xsd:integer`` are
literals, ``cs:date-precision-{precision}`` a prefixed name. Where a column is NULL, the property is left out; where
the column that ``when`` names is not true, the block is. ``{name[]}`` stands for each member of a list.

The same mapping is compiled to Turtle, written by DuckDB as text with one block a subject, and to quads, which
DuckDB or Spark puts into a store. Sections stand in the order of their subjects' IRIs, blocks within them
too, and a relation's rows come ordered: so Turtle has the same bytes as :func:`conflictkg.graphs.write_turtle` gives.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sqlglot import exp

from conflictkg.errors import SourceError
from conflictkg.iris import BASE
from conflictkg.sources.description import read_toml
from conflictkg.terms import PREFIXES

XSD = PREFIXES["xsd"]
RDF_TYPE = PREFIXES["rdf"] + "type"

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)(\[\])?\}")
_TERM = re.compile(
    r"<(?P<iri>[^<>\"]*)>"
    r'|"(?P<text>[^"]*)"(?:@(?P<language>[a-z]{2,3})|\^\^(?P<datatype>[a-z]+:[A-Za-z]+))?'
    r"|(?P<bare>\{[a-z_0-9]+\}|true|false|[0-9]+)\^\^(?P<number>xsd:(?:integer|decimal|boolean))"
    r"|(?P<prefix>[a-z]+):(?P<local>[A-Za-z0-9_{}\[\]-]+)"
)
_MOST_LINE = 80
# Where one of these is in a text, graphs.escape_text writes it; all others have only quotation marks and backslashes.
_UNSEEN = r"[\x00-\x1f\x7f-\x{9f}\x{2028}-\x{202e}\x{2066}-\x{2069}\x{feff}]"
ESCAPE = "escape_text"
"""Name of :func:`conflictkg.graphs.escape_text` in SQL."""
_DECIMAL = r"-?(?:0|[1-9][0-9]*)\.[0-9]{1,6}"


@dataclass(frozen=True, slots=True)
class Column:
    """A column in a template.

    Args:
        name: Its name.
        is_list: Whether each member of its list gives a term.
    """

    name: str
    is_list: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """An IRI or a literal, with columns in it.

    Args:
        kind: Which of the two.
        parts: Texts and columns, in order.
        datatype: IRI of a literal's datatype; empty for one with a language and for IRIs.
        language: Of a literal; empty if it has none.
        prefix: By which Turtle writes the IRI, where it does.
    """

    kind: Literal["iri", "literal"]
    parts: tuple[str | Column, ...]
    datatype: str = ""
    language: str = ""
    prefix: str = ""

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns in it."""
        return tuple(each for each in self.parts if isinstance(each, Column))

    @property
    def list_column(self) -> Column | None:
        """The column whose members it is made for."""
        return next((each for each in self.columns if each.is_list), None)


@dataclass(frozen=True, slots=True)
class Property:
    """A predicate with its values.

    Args:
        predicate: Its IRI.
        values: Constants in order, or one with columns.
    """

    predicate: str
    values: tuple[Term, ...]

    @property
    def is_constant(self) -> bool:
        """Whether it is the same in each row."""
        return not any(each.columns for each in self.values)


@dataclass(frozen=True, slots=True)
class Block:
    """A subject with its properties, in the order in which Turtle has them.

    Args:
        subject: An IRI.
        when: The column that says whether a row has it; empty if each does.
        properties: Types first, then in order of IRI.
    """

    subject: Term
    when: str
    properties: tuple[Property, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """Blocks that the rows of one relation give.

    Args:
        relation: Its name; its rows come in the order of the subjects.
        blocks: In the order of their subjects.
    """

    relation: str
    blocks: tuple[Block, ...]


# Reading


def load_mapping(path: Path, given: Mapping[str, str]) -> tuple[Section, ...]:
    """Read a mapping.

    Args:
        path: The file.
        given: What is the same in all rows: it is put in for ``{name}``.

    Raises:
        SourceError: It is no TOML, or a term in it is none.
    """
    return read_mapping(read_toml(path), given, str(path))


def read_mapping(
    content: Mapping[str, Any], given: Mapping[str, str], source: str
) -> tuple[Section, ...]:
    """Read a mapping from what its file holds, or would.

    Raises:
        SourceError: A term in it is none.
    """
    templates = content.get("template", {})
    try:
        return tuple(
            Section(
                section["relation"],
                tuple(_read_block(block, templates, given) for block in section["block"]),
            )
            for section in content["section"]
        )
    except (KeyError, ValueError) as error:
        raise SourceError(f"is no mapping: {error}", source=source) from error


def _read_block(
    block: Mapping[str, Any], templates: Mapping[str, Any], given: Mapping[str, str]
) -> Block:
    def read(text: str) -> Term:
        return read_term(_PLACEHOLDER.sub(lambda found: given.get(found[1], found[0]), text))

    properties: dict[str, tuple[Term, ...]] = {}
    for written in (*(templates[name] for name in block.get("use", ())), block["properties"]):
        for name, values in written.items():
            terms = [read(each) for each in ([values] if isinstance(values, str) else values)]
            if len(terms) > 1 and any(each.columns for each in terms):
                raise ValueError(f"{name} has several values with columns; give it one, or a list")
            predicate = RDF_TYPE if name == "a" else _expand(name)
            properties[predicate] = tuple(sorted(terms, key=lambda each: each.parts))
    ordered = sorted(properties.items(), key=lambda item: (item[0] != RDF_TYPE, item[0]))
    return Block(
        read(block["subject"]),
        block.get("when", ""),
        tuple(Property(name, values) for name, values in ordered),
    )


def read_term(text: str) -> Term:
    """Read a term of a mapping.

    Raises:
        ValueError: It is none.

    >>> read_term('"{start}"^^xsd:date').columns
    (Column(name='start', is_list=False),)
    """
    found = _TERM.fullmatch(text)
    if found is None:
        raise ValueError(f"{text} is neither an IRI nor a literal")
    if found["iri"] is not None:
        iri = found["iri"]
        return Term("iri", _parts(iri if "://" in iri or iri.startswith("{") else BASE + iri))
    if found["prefix"] is not None:
        return Term(
            "iri", _parts(PREFIXES[found["prefix"]] + found["local"]), prefix=found["prefix"]
        )
    if found["bare"] is not None:
        return Term("literal", _parts(found["bare"]), datatype=_expand(found["number"]))
    datatype = _expand(found["datatype"]) if found["datatype"] else ""
    if not datatype and not found["language"]:
        datatype = XSD + "string"
    return Term("literal", _parts(found["text"]), datatype, found["language"] or "")


def _expand(name: str) -> str:
    prefix, _, local = name.partition(":")
    return PREFIXES[prefix] + local


def _parts(text: str) -> tuple[str | Column, ...]:
    parts: list[str | Column] = []
    at = 0
    for found in _PLACEHOLDER.finditer(text):
        parts += [text[at : found.start()], Column(found[1], is_list=bool(found[2]))]
        at = found.end()
    parts.append(text[at:])
    return tuple(each for each in parts if each != "")


# To Turtle


def turtle_header(sections: Sequence[Section]) -> str:
    """The prefixes that the blocks use."""
    used = set()
    for section in sections:
        for block in section.blocks:
            for each in block.properties:
                if each.predicate != RDF_TYPE:
                    used.add(_prefix_of(each.predicate)[0])
                for term in each.values:
                    used.add(term.prefix)
                    used.add(_prefix_of(term.datatype)[0] if _shows_datatype(term) else "")
    return "\n".join(f"@prefix {name}: <{PREFIXES[name]}> ." for name in sorted(used - {""}))


def turtle_query(section: Section) -> exp.Select:
    """SELECT of one text a row of the relation: its blocks, each with an empty line before it."""
    pieces = [_turtle_block(block) for block in section.blocks]
    text = _concat(pieces)
    return exp.select(exp.alias_(text, "text")).from_(exp.to_table(section.relation))


def _turtle_block(block: Block) -> exp.Expr:
    pieces: list[str | exp.Expr] = ["\n\n", *_angle(block.subject), "\n"]
    for each in block.properties:
        verb = "a" if each.predicate == RDF_TYPE else ":".join(_prefix_of(each.predicate))
        if each.is_constant:
            values = [_constant(_turtle_term(value)) for value in each.values]
            line = ", ".join(values)
            line = f" {line}" if len(line) <= _MOST_LINE else "\n    " + ",\n    ".join(values)
            pieces.append(f"  {verb}{line} ;\n")
            continue
        (value,) = each.values
        pieces.append(_turtle_property(verb, value))
    pieces.append(".")
    text = _concat(_merged(pieces))
    if not block.when:
        return text
    return exp.Case(ifs=[exp.If(this=exp.column(block.when), true=text)])


def _turtle_property(verb: str, value: Term) -> exp.Expr:
    """NULL where a column is, which CONCAT takes for nothing."""
    column = value.list_column
    if column is not None:
        return _turtle_list(verb, value, column)
    rendered = _joined(_turtle_term(value))
    if value.datatype.removeprefix(XSD) in {"integer", "date", "boolean"}:
        return _joined([f"  {verb} ", rendered, " ;\n"])
    return _joined([f"  {verb}", _break_for(rendered), rendered, " ;\n"])


def _turtle_list(verb: str, value: Term, column: Column) -> exp.Expr:
    """The values of a list, on one line if they fit; nothing for an empty list or NULL."""
    each = exp.Lambda(
        this=_joined(_turtle_term(value, {column.name: exp.column("each")})),
        expressions=[exp.to_identifier("each")],
    )
    values = exp.func("list_transform", exp.column(column.name), each, dialect="duckdb")
    line = exp.func("array_to_string", values, exp.Literal.string(", "), dialect="duckdb")
    lines = exp.func(
        "array_to_string", values.copy(), exp.Literal.string(",\n    "), dialect="duckdb"
    )
    is_long = _is_long(line)
    text = exp.Case(
        ifs=[exp.If(this=is_long, true=_joined(["\n    ", lines]))],
        default=_joined([" ", line.copy()]),
    )
    is_there = exp.GT(
        this=exp.func("len", exp.column(column.name), dialect="duckdb"),
        expression=exp.Literal.number(0),
    )
    return exp.Case(ifs=[exp.If(this=is_there, true=_joined([f"  {verb}", text, " ;\n"]))])


def _break_for(rendered: exp.Expr) -> exp.Expr:
    return exp.Case(
        ifs=[exp.If(this=_is_long(rendered.copy()), true=exp.Literal.string("\n    "))],
        default=exp.Literal.string(" "),
    )


def _is_long(text: exp.Expr) -> exp.Expr:
    # Bytes are known, characters have to be counted.
    limit = exp.Literal.number(_MOST_LINE)
    return exp.and_(
        exp.GT(this=exp.func("strlen", text, dialect="duckdb"), expression=limit),
        exp.GT(this=exp.Length(this=text.copy()), expression=limit.copy()),
    )


def _turtle_term(term: Term, given: Mapping[str, exp.Expr] | None = None) -> list[str | exp.Expr]:
    if term.kind == "iri":
        if not term.prefix:
            return _angle(term, given)
        local = _spliced(term, given)
        first = str(local[0]).removeprefix(PREFIXES[term.prefix])
        return [f"{term.prefix}:{first}", *local[1:]]
    spliced = _spliced(term, given)
    kind = term.datatype.removeprefix(XSD)
    if kind in {"integer", "boolean"}:
        return spliced
    if kind == "decimal" and term.columns:
        return [_decimal(spliced)]
    texts = [each if isinstance(each, str) else _escaped(each, kind) for each in spliced]
    ending = f"@{term.language}" if term.language else ""
    if _shows_datatype(term):
        ending = f"^^{':'.join(_prefix_of(term.datatype))}"
    return ['"', *texts, f'"{ending}']


def _decimal(parts: Sequence[str | exp.Expr]) -> exp.Expr:
    text = _joined(parts)
    is_bare = exp.func("regexp_full_match", text, exp.Literal.string(_DECIMAL), dialect="duckdb")
    quoted = _joined(['"', text.copy(), '"^^xsd:decimal'])
    return exp.Case(ifs=[exp.If(this=is_bare, true=text.copy())], default=quoted)


def _escaped(text: exp.Expr, kind: str) -> exp.Expr:
    """A text of a column as it stands between quotation marks; dates have nothing to escape."""
    if kind not in {"string", ""}:
        return exp.cast(text, "VARCHAR")
    plain = text
    for old in ("\\", '"'):
        plain = exp.func(
            "replace",
            plain,
            exp.Literal.string(old),
            exp.Literal.string(f"\\{old}"),
            dialect="duckdb",
        )
    has_unseen = exp.func(
        "regexp_matches", text.copy(), exp.Literal.string(_UNSEEN), dialect="duckdb"
    )
    escaped = exp.Anonymous(this=ESCAPE, expressions=[text.copy()])
    return exp.Case(ifs=[exp.If(this=has_unseen, true=escaped)], default=plain)


def _shows_datatype(term: Term) -> bool:
    return term.kind == "literal" and term.datatype not in {
        "",
        XSD + "string",
        XSD + "integer",
        XSD + "boolean",
    }


def _prefix_of(iri: str) -> tuple[str, str]:
    name, namespace = max(
        ((name, each) for name, each in PREFIXES.items() if iri.startswith(each)),
        key=lambda item: len(item[1]),
    )
    return name, iri[len(namespace) :]


# To quads


def quad_queries(sections: Sequence[Section], graph: str) -> Iterator[exp.Select]:
    """SELECTs of quads as the texts ``s``, ``p``, ``o``, ``g``, one a property.

    ``<iri>``, ``"lexical form"@language``, ``"lexical form"^^<datatype>``, with lexical forms as they are.

    Args:
        sections: Of the mapping.
        graph: IRI of the graph.
    """
    for section in sections:
        for block in section.blocks:
            for each in block.properties:
                for value in each.values:
                    yield _quad_query(section, block, each.predicate, value, graph)


def _quad_query(
    section: Section, block: Block, predicate: str, value: Term, graph: str
) -> exp.Select:
    source: exp.Expr = exp.to_table(section.relation)
    given: dict[str, exp.Expr] = {}
    column = value.list_column
    if column is not None:
        member = exp.alias_(exp.Explode(this=exp.column(column.name)), "each")
        inner = exp.select(exp.Star(), member).from_(source)
        source = inner.subquery("exploded")
        given[column.name] = exp.column("each")
    query = exp.select(
        exp.alias_(_joined(_angle(block.subject, given)), "s"),
        exp.alias_(exp.Literal.string(f"<{predicate}>"), "p"),
        exp.alias_(_joined(_quad_term(value, given)), "o"),
        exp.alias_(exp.Literal.string(f"<{graph}>"), "g"),
    ).from_(source)
    if block.when:
        query = query.where(exp.column(block.when))
    for each in value.columns:
        if not each.is_list:
            query = query.where(exp.column(each.name).is_(exp.null()).not_())
    return query


def _quad_term(term: Term, given: Mapping[str, exp.Expr]) -> list[str | exp.Expr]:
    if term.kind == "iri":
        return _angle(term, given)
    ending = f"@{term.language}" if term.language else f"^^<{term.datatype}>"
    return ['"', *_spliced(term, given), f'"{ending}']


# Parts of both


def _angle(term: Term, given: Mapping[str, exp.Expr] | None = None) -> list[str | exp.Expr]:
    return ["<", *_spliced(term, given), ">"]


def _spliced(term: Term, given: Mapping[str, exp.Expr] | None = None) -> list[str | exp.Expr]:
    found: list[str | exp.Expr] = []
    for each in term.parts:
        if isinstance(each, str):
            found.append(each)
        else:
            expression = (given or {}).get(each.name, exp.column(each.name)).copy()
            found.append(exp.cast(expression, "VARCHAR"))
    return found


def _constant(parts: Sequence[str | exp.Expr]) -> str:
    return "".join(str(each) for each in parts)


def _merged(pieces: Sequence[str | exp.Expr]) -> list[exp.Expr]:
    """Neighbouring texts as one."""
    merged: list[exp.Expr] = []
    text = ""
    for each in pieces:
        if isinstance(each, str):
            text += each
            continue
        if text:
            merged.append(exp.Literal.string(text))
        text = ""
        merged.append(each)
    return [*merged, exp.Literal.string(text)] if text else merged


def _concat(pieces: Sequence[exp.Expr]) -> exp.Expr:
    """All of them as one text, those that are NULL left out."""
    return exp.Concat(expressions=list(pieces), safe=True, coalesce=True)


def _joined(parts: Sequence[str | exp.Expr]) -> exp.Expr:
    """All of them as one text; NULL if one is."""
    first, *others = _merged(parts)
    for each in others:
        first = exp.DPipe(this=first, expression=each, safe=True)
    return first
