"""Expressions compiled to SQL and run over a few rows of terms, and what the evaluator makes of the same."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, ClassVar, cast

import duckdb
import pyarrow as pa
from duckdb.func import FunctionNullHandling
from sqlglot import exp

from conflictkg.answers import RDF_LANG_STRING, XSD, Blank, Iri, Literal, Term
from conflictkg.engine.algebra import Expression, Pattern
from conflictkg.engine.catalog import Catalog
from conflictkg.engine.columns import Column, Rep
from conflictkg.engine.dialect import to_sql
from conflictkg.engine.evaluate import Context, ExpressionError, compile_expression, order_key
from conflictkg.engine.evaluate.values import term_of
from conflictkg.engine.ids import (
    Tag,
    blank_label,
    dictionary_tag,
    inline_id,
    literal_of,
    make_id,
    numeric_value,
    pack_term,
    tag_of,
    unpack_term,
)
from conflictkg.engine.program import AggregateProgram, Program
from conflictkg.engine.words import tokenize

_INLINE = {Tag.INTEGER, Tag.DECIMAL, Tag.BOOLEAN, Tag.DATETIME, Tag.DATETIME_UTC, Tag.DATE}
BASE = "http://example.org/base/x"


def literals(datatype: str, *lexical: str) -> list[Term]:
    """Literals of one datatype of XML Schema."""
    return [Literal(each, XSD + datatype) for each in lexical]


TERMS: Mapping[str, list[Term]] = {
    "integer": literals(
        "integer", "0", "1", "-1", "7", "-13", "2020", "9007199254740992", "-9007199254740992"
    ),
    "decimal": literals(
        "decimal",
        "0.0",
        "1.5",
        "-1.5",
        "2.50",
        "0.000000000000001",
        "7",
        "999999999999999",
        "-0.25",
    ),
    "double": literals(
        "double",
        "0",
        "-0.0",
        "1e0",
        "1.5E0",
        "-2.5",
        "NaN",
        "INF",
        "-INF",
        "1e300",
        "0.1",
        "-0.4",
        "1e-7",
        "123456789",
    ),
    "numeric": [
        *literals("float", "1.5", "0.1", "NaN"),
        *literals("integer", "007", "+1", "9007199254740993", "123456789012345678901234567890"),
        *literals("byte", "1", "300"),
        *literals("decimal", "-0.0", "1234567890123456.789", "01.5"),
        *literals("nonNegativeInteger", "7", "-7"),
    ],
    "string": literals(
        "string",
        "",
        "a",
        "ab",
        "B",
        "Stra\u00dfe",
        "\u0130\u03a3",
        "caf\u00e9",
        "e\u0301x",
        "\U0001f600z",
        "a b/c",
        "en",
        "de-CH",
        "*",
        "1",
        "true",
        "2020-01-01",
    ),
    "lang": [
        Literal(text, RDF_LANG_STRING, tag)
        for text, tag in (
            ("a", "en"),
            ("a", "de"),
            ("ab", "en"),
            ("", "en"),
            ("Stra\u00dfe", "de-ch"),
        )
    ],
    "boolean": literals("boolean", "true", "false"),
    "datetime": literals(
        "dateTime",
        "2020-02-29T12:30:45",
        "1969-12-31T23:59:59.5",
        "0001-01-01T00:00:00",
        "2020-02-29T12:30:45.000001",
    ),
    "utc": literals(
        "dateTime", "2020-02-29T12:30:45Z", "1970-01-01T00:00:00Z", "2020-03-01T12:30:45Z"
    ),
    "date": literals("date", "2020-02-29", "1970-01-01", "0001-01-01", "9999-12-31"),
    "special": [
        *literals("boolean", "1", "yes"),
        *literals("integer", "x"),
        *literals("double", "one"),
        *literals(
            "dateTime", "2020-02-29T12:30:45+02:00", "2020-13-01T00:00:00", "9000-01-01T00:00:00"
        ),
        *literals("date", "2020-02-29Z"),
        *literals("dayTimeDuration", "P1D", "PT24H"),
        *literals("gYear", "2020"),
    ],
    "other": [Literal("a", "http://example.org/type"), Literal("b", "http://example.org/type")],
    "iri": [Iri("http://example.org/a"), Iri("http://example.org/b"), Iri(XSD + "integer")],
    "blank": [Blank("b1"), Blank("b2")],
}
"""Terms, by how their ids are tagged."""

MIXTURES = [
    *([kind] for kind in TERMS),
    ["integer", "decimal"],
    ["integer", "decimal", "double"],
    ["string", "lang"],
    ["string", "iri"],
    ["datetime", "utc"],
    ["datetime", "date"],
    ["integer", "string"],
    ["integer", "numeric"],
    ["date", "special"],
    ["boolean", "string", "iri"],
    list(TERMS),
]

COMPUTED = {
    Rep.INTEGER: literals("integer", "0", "5", "-7", "999999999999999999"),
    Rep.DECIMAL: literals("decimal", "0", "1.5", "-2.25", "123456789.000001"),
    Rep.DOUBLE: literals("double", "0.0E0", "1.5E0", "NaN", "-INF", "1.0E-7", "1.2345E20"),
    Rep.BOOLEAN: literals("boolean", "true", "false"),
    Rep.STRING: literals("string", "", "a", "stra\u00dfe"),
    Rep.PACKED: [terms[0] for terms in TERMS.values()],
}
"""Terms, by the representation of columns that are not ids."""


class Words:
    """A dictionary that numbers terms as they come."""

    def __init__(self) -> None:
        self._ids: dict[Term, int] = {}
        self._terms: dict[int, Term] = {}

    def add(self, term: Term) -> int:
        """The id of a term, a new one if need be."""
        if isinstance(term, Literal):
            found = inline_id(term.lexical, term.datatype)
            if found is not None:
                return found
        if term not in self._ids:
            assert isinstance(term, Iri | Literal | Blank)
            if isinstance(term, Blank):
                new = make_id(Tag.BLANK, int(term.label[1:]))
            else:
                new = make_id(dictionary_tag(term), len(self._ids) + 1)
            self._ids[term], self._terms[new] = new, term
        return self._ids[term]

    def find(self, term: Iri | Literal) -> int | None:
        """The id of a term that is there."""
        if isinstance(term, Literal):
            found = inline_id(term.lexical, term.datatype)
            if found is not None:
                return found
        return self._ids.get(term)

    def is_ordered(self, tags: int) -> bool:
        """Whether the terms of each tag came in the order of SPARQL."""
        for tag in Tag:
            if tags >> tag & 1:
                found = [
                    order_key(self._terms[each])
                    for each in sorted(self._terms)
                    if tag_of(each) is tag
                ]
                if found != sorted(found):
                    return False
        return True

    def term(self, term_id: int) -> Term:
        """The term of an id."""
        if tag_of(term_id) in _INLINE:
            return literal_of(term_id)
        if tag_of(term_id) is Tag.BLANK:
            return Blank(blank_label(term_id))
        return self._terms[term_id]

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """The rows of the table ``term``."""
        for term_id, term in self._terms.items():
            if isinstance(term, Iri):
                yield term_id, term.value, None, "", None
            elif isinstance(term, Literal):
                yield term_id, term.lexical, term.datatype, term.language, numeric_value(term)


@dataclass
class RowScope:
    """What an expression sees: the columns of one table."""

    words: Words
    columns: Mapping[str, Column]
    joins: dict[str, str] = field(default_factory=dict)
    programs: dict[str, Program | AggregateProgram] = field(default_factory=dict)
    base: str = BASE

    @property
    def catalog(self) -> Catalog:
        """Only its dictionary is there."""
        return cast("Catalog", SimpleNamespace(dictionary=self.words))

    def column(self, name: str) -> Column | None:
        """A variable."""
        return self.columns.get(name)

    def names(self) -> Sequence[str]:
        """All variables."""
        return list(self.columns)

    def term(self, column: Column) -> str:
        """A join to the dictionary."""
        return self.joins.setdefault(to_sql(column.sql), f"x{len(self.joins)}")

    def exists(self, pattern: Pattern, *, negated: bool) -> exp.Expr:
        """A pattern of any kind has a solution where the row's number is even."""
        assert pattern is not None
        return exp.EQ(
            this=exp.Mod(this=exp.column("n", table="t"), expression=exp.Literal.number(2)),
            expression=exp.Literal.number(1 if negated else 0),
        )

    def register(self, program: Program | AggregateProgram) -> str:
        """Keep a program."""
        key = f"k{len(self.programs)}"
        self.programs[key] = program
        return key

    def row_number(self) -> exp.Expr:
        """The row's number."""
        return exp.column("n", table="t")

    def source(self) -> str:
        """FROM with its joins."""
        joins = "".join(
            f" LEFT JOIN term {alias} ON {alias}.id = {sql}" for sql, alias in self.joins.items()
        )
        return f"FROM t{joins}"


class Rows:
    """A few solutions in a database.

    Args:
        rows: Solutions.
        reps: How columns stand that are not ids: by variable.
        more: Terms that the dictionary holds beside those of the solutions.
    """

    _database: duckdb.DuckDBPyConnection | None = None
    _running: ClassVar[dict[str, Program | AggregateProgram]] = {}
    _decode: Any = None

    def __init__(
        self,
        rows: Sequence[Mapping[str, Term | None]],
        reps: Mapping[str, Rep] | None = None,
        more: Sequence[Iri | Literal] = (),
    ) -> None:
        self.rows = rows
        self.words = Words()
        reps = reps or {}
        names = list(dict.fromkeys(name for row in rows for name in row))
        for term in more:
            self.words.add(term)
        self.connection = self._connect()
        table: dict[str, pa.Array] = {"n": pa.array(range(len(rows)), pa.int64())}
        self.columns = {}
        for name in names:
            rep = reps.get(name, Rep.ID)
            terms = [row.get(name) for row in rows]
            table[name], self.columns[name] = self._column(name, terms, rep)
        self._replace("t", pa.table(table))
        term_rows = list(self.words.rows())
        kinds = [pa.int64(), pa.string(), pa.string(), pa.string(), pa.float64()]
        columns = [[row[index] for row in term_rows] for index in range(len(kinds))]
        self._replace(
            "term",
            pa.table(
                {
                    name: pa.array(values, kind)
                    for name, values, kind in zip(
                        ("id", "lex", "dt", "lang", "num"), columns, kinds, strict=True
                    )
                }
            ),
        )
        words = {
            (word, row[0])
            for row in term_rows
            if row[2] in {XSD + "string", RDF_LANG_STRING}
            for word in tokenize(row[1])
        }
        self._replace(
            "token",
            pa.table(
                {
                    "token": pa.array([word for word, _ in words], pa.string()),
                    "id": pa.array([number for _, number in words], pa.int64()),
                }
            ),
        )

    def _replace(self, name: str, table: pa.Table) -> None:
        self.connection.register(name, table)

    def _column(self, name: str, terms: Sequence[Term | None], rep: Rep) -> tuple[pa.Array, Column]:
        sql = exp.column(name, table="t")
        nullable = any(term is None for term in terms)
        if rep is Rep.ID:
            ids = [None if term is None else self.words.add(term) for term in terms]
            tags = 0
            for each in ids:
                tags |= 0 if each is None else 1 << tag_of(each)
            return pa.array(ids, pa.int64()), Column(sql, Rep.ID, tags, nullable)
        if rep is Rep.PACKED:
            packed = [None if term is None else pack_term(term) for term in terms]
            return pa.array(packed, pa.string()), Column(sql, rep, nullable=nullable)
        lexical = [term.lexical if isinstance(term, Literal) else None for term in terms]
        if rep is Rep.STRING:
            return pa.array(lexical, pa.string()), Column(sql, rep, nullable=nullable)
        if rep is Rep.INTEGER:
            numbers = [None if each is None else int(each) for each in lexical]
            return pa.array(numbers, pa.int64()), Column(
                sql, rep, nullable=nullable, digits=(18, 0)
            )
        if rep is Rep.DECIMAL:
            decimals = [None if each is None else Decimal(each) for each in lexical]
            kind = pa.decimal128(24, 6)
            return pa.array(decimals, kind), Column(sql, rep, nullable=nullable, digits=(24, 6))
        if rep is Rep.DOUBLE:
            doubles = [
                None if each is None else float(each.replace("INF", "inf")) for each in lexical
            ]
            return pa.array(doubles, pa.float64()), Column(sql, rep, nullable=nullable)
        assert rep is Rep.BOOLEAN
        booleans = [None if each is None else each == "true" for each in lexical]
        return pa.array(booleans, pa.bool_()), Column(sql, rep, nullable=nullable)

    def scope(self) -> RowScope:
        """A scope over the columns."""
        return RowScope(self.words, self.columns)

    def run(self, sql: str, scope: RowScope) -> list[tuple[Any, ...]]:
        """The rows of a query that may call Python."""
        Rows._running, Rows._decode = scope.programs, self.words.term
        try:
            return self.connection.sql(sql).fetchall()
        except duckdb.Error as error:
            raise AssertionError(sql) from error

    def values(
        self, column: Column, scope: RowScope, tail: str = "ORDER BY t.n"
    ) -> list[Term | None]:
        """The terms of a column."""
        sql = f"SELECT {to_sql(column.sql)} {scope.source()} {tail}"
        return [self.read(value, column) for (value,) in self.run(sql, scope)]

    def read(self, value: Any, column: Column) -> Term | None:
        """The term of one SQL value."""
        if value is None:
            return None
        if column.rep is Rep.ID:
            assert column.tags >> tag_of(value) & 1, f"{tag_of(value)!r} was not announced"
            return self.words.term(value)
        if column.rep is Rep.PACKED:
            return unpack_term(value)
        if column.rep is Rep.INTEGER:
            assert column.digits is None or len(str(abs(value))) <= column.digits[0]
        if column.rep is Rep.DECIMAL:
            assert column.digits is not None
            whole, scale = column.digits[0], column.digits[1]
            assert isinstance(value, Decimal)
            assert -int(value.as_tuple().exponent) <= scale
            assert abs(value) < Decimal(10) ** (whole - scale)
        return term_of(value)

    @classmethod
    def _connect(cls) -> duckdb.DuckDBPyConnection:
        if cls._database is None:
            cls._database = duckdb.connect(config={"threads": 1})
            for name, function, returned in (
                ("ckg_term", cls._term, "VARCHAR"),
                ("ckg_test", cls._test, "BOOLEAN"),
                ("ckg_aggregate", cls._aggregate, "VARCHAR"),
            ):
                cls._database.create_function(
                    name,
                    function,
                    ["VARCHAR", "BIGINT[]", "VARCHAR[]"],
                    returned,
                    null_handling=FunctionNullHandling.SPECIAL,
                    side_effects=True,
                )
        return cls._database

    @classmethod
    def _inputs(cls, ids: Any, texts: Any) -> list[Term | None]:
        known = [None if each is None else cls._decode(each) for each in (ids or [])]
        return known + [None if each is None else unpack_term(each) for each in (texts or [])]

    @classmethod
    def _term(cls, key: str, ids: Any, texts: Any) -> str | None:
        found = cls._running[key].evaluate(cls._inputs(ids, texts))
        return None if found is None else pack_term(found)

    @classmethod
    def _test(cls, key: str, ids: Any, texts: Any) -> bool | None:
        program = cls._running[key]
        assert isinstance(program, Program)
        assert program.test is not None
        return program.test(cls._inputs(ids, texts))

    @classmethod
    def _aggregate(cls, key: str, ids: Any, texts: Any) -> str | None:
        found = cls._running[key].evaluate(cls._inputs(ids, texts))
        return None if found is None else pack_term(found)


def reference(
    expression: Expression, rows: Sequence[Mapping[str, Term | None]]
) -> list[Term | None]:
    """What the evaluator gives for each row; ``None`` for an error."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    slots = {name: index for index, name in enumerate(names)}
    run = compile_expression(expression, slots, Context(base=BASE))
    found: list[Term | None] = []
    for row in rows:
        try:
            found.append(run([row.get(name) for name in names]))
        except ExpressionError:
            found.append(None)
    return found
