"""What the tables, columns and ids of a plan stand for."""

import re
from collections.abc import Iterator, Mapping, Sequence

from sqlglot import exp

from conflictkg.answers import Iri, Literal
from conflictkg.engine.algebra import Node, TriplePattern, Var
from conflictkg.engine.catalog import Catalog
from conflictkg.engine.check.advice import Wording
from conflictkg.engine.check.facts import TYPE
from conflictkg.engine.ids import INLINE, INTEGER_OFFSET, Tag, blank_label, literal_of, make_id
from conflictkg.engine.plan import Plan

_ZERO = make_id(Tag.INTEGER, INTEGER_OFFSET)
_PACKED = re.compile(r"__internal_(?:de)?compress_\w+\(([^,()]+)(?:, [^()]*)?\)")
_REFERENCE = re.compile(r"\b([a-z]+[0-9]+)_([a-z]\w*)\b")
_ITEM = re.compile(r"\b(?:r[0-9]+\.)?(v[0-9]+)\b")
_DAY = re.compile(r"\('1970-01-01'::DATE \+ CAST\(\((\w+) - [0-9]+\) AS INTEGER\)\)")
_ID = re.compile(r"\b[0-9]{17,19}\b")


def name_columns(tree: exp.Query, columns: Mapping[str, Sequence[str]]) -> exp.Query:
    """The same query, but that each column of a table is called by the table's alias too.

    DuckDB's plans say ``s = s`` where two tables are joined; of this query they say ``t1_s = t2_s``.

    Args:
        tree: The query.
        columns: By table, its columns in their order.
    """
    named = tree.copy()
    renamed = set()
    for table in named.find_all(exp.Table):
        if table.alias and table.name in columns:
            renamed.add(table.alias)
            names = [f"{table.alias}_{name}" for name in columns[table.name]]
            alias = exp.TableAlias(
                this=exp.Identifier(this=table.alias),
                columns=[exp.Identifier(this=name) for name in names],
            )
            table.set("alias", alias)
    for column in named.find_all(exp.Column):
        if column.table in renamed:
            column.set("this", exp.Identifier(this=f"{column.table}_{column.name}"))
    return named


def tables_of(tree: exp.Query) -> frozenset[str]:
    """The tables that a query reads, those that its WITH defines not among them."""
    defined = {each.alias for each in tree.find_all(exp.CTE)}
    return frozenset(each.name for each in tree.find_all(exp.Table)) - defined


class Naming:
    """Names what a plan is made of.

    Args:
        plan: The plan.
        catalog: The store that it is for.
        wording: How terms are written.
    """

    def __init__(self, plan: Plan, catalog: Catalog, wording: Wording) -> None:
        self._scans, self._catalog, self._wording = plan.scans, catalog, wording
        self._classes = {each.name: each for each in catalog.classes.values()}
        self.tables: dict[str, str] = {}
        """The table of each alias, in the order of the query."""
        self.constants: dict[str, dict[str, int]] = {}
        """By alias, what its columns must be equal to."""
        self._terms: dict[str, exp.Column] = {}
        self._items: dict[str, list[exp.Expr]] = {}
        self._read(plan.tree)

    def _read(self, tree: exp.Query) -> None:
        for table in tree.find_all(exp.Table):
            if table.alias and table.name != table.alias:
                self.tables[table.alias] = table.name
        for equality in tree.find_all(exp.EQ):
            column, value = equality.this, equality.expression
            if not isinstance(column, exp.Column):
                continue
            if isinstance(value, exp.Literal) and not value.is_string:
                self.constants.setdefault(column.table, {})[column.name] = int(value.name)
            elif isinstance(value, exp.Column) and column.name == "id":
                self._terms[column.table] = value
        for item in tree.find_all(exp.Alias):
            # Only these names are given once.
            if _ITEM.fullmatch(item.alias):
                self._items.setdefault(item.alias, []).append(item.this)

    # Columns

    def column(self, alias: str, name: str) -> str:
        """What a column holds: ``?strike``, ``text of ?name``."""
        triples = self._scans.get(alias)
        table = self.tables.get(alias, "")
        if table == "term" and alias in self._terms:
            source = self._terms[alias]
            of = self.column(source.table, source.name)
            return of if name == "id" else f"{_PARTS.get(name, name)} of {of}"
        if triples and table in self._classes:
            return self._class_column(table, triples, name)
        if triples and name in _ENDS:
            return self._node(_ENDS[name](triples[0]))
        if name == "g":
            return "graph"
        return self.item(name) or _COMPUTED

    def _class_column(self, table: str, triples: Sequence[TriplePattern], name: str) -> str:
        if name == "s":
            return self._node(triples[0].subject)
        for column in self._classes[table].columns.values():
            if column.name != name:
                continue
            predicate = self._catalog.dictionary.term(column.predicate)
            for triple in triples:
                if triple.predicate == predicate:
                    return self._node(triple.object)
            return self.term(column.predicate)
        return name

    def item(self, name: str) -> str:
        """What an item of a query within the query holds; empty where it is computed."""
        for found in self._items.get(name, ()):
            # Of the branches of a union, some may compute it.
            if isinstance(found, exp.Column):
                text = self.column(found.table, found.name)
                if text != _COMPUTED:
                    return text
        return _COMPUTED if name in self._items else ""

    def _node(self, node: Node) -> str:
        if isinstance(node, Var) and node.name.startswith(("_:", ".")):
            # A blank node of the pattern, or a variable between two steps of a path.
            return "_:" + node.name.lstrip("_:.")
        return self._wording.show(node)

    # Tables

    def is_class(self, alias: str) -> bool:
        """Whether an alias is of a class table."""
        return self.tables.get(alias) in self._classes

    def scan(self, alias: str, columns: Sequence[str]) -> str:
        """What reading a table is for.

        Args:
            alias: Of the table.
            columns: Those that are read.
        """
        table = self.tables.get(alias, "")
        triples = self._scans.get(alias)
        # Subjects first, then predicates, as triples are read.
        ordered = sorted(columns, key=lambda name: "spog".find(name) % 5)
        names = list(dict.fromkeys(self.column(alias, name) for name in ordered))
        arrow = f" → {', '.join(names)}" if names else ""
        if table in self._classes:
            count = f"{len(columns)} column{'' if len(columns) == 1 else 's'}"
            return f"scan class table {self.term(self._classes[table].id)} ({count}){arrow}"
        if table == "term":
            return f"scan dictionary{arrow}"
        if table == "token":
            return "scan text index"
        if not triples:
            return f"scan {table}{arrow}"
        triple = triples[0]
        constant = [
            "a" if each == TYPE else self._node(each)
            for each in (triple.subject, triple.predicate, triple.object)
            if not isinstance(each, Var)
        ]
        what = " ".join(constant) or "all quads"
        return f"scan {what} (table {table}){arrow}"

    # Expressions and ids

    def expression(self, text: str, alias: str = "") -> str:
        """An expression of DuckDB, in the query's words.

        Args:
            text: As the plan has it.
            alias: Of the table whose bare columns it may hold.
        """
        text = _PACKED.sub(r"\1", text)
        text = _DAY.sub(r"\1", text).replace(f" - {_ZERO}", "")
        text = _REFERENCE.sub(lambda match: self._reference(match[1], match[2], match[0]), text)
        text = _ITEM.sub(lambda match: self.item(match[1]) or "a value", text)
        if alias:
            bare = re.compile(r"(?<![\w?:.])(?:[spog]|c_[0-9]+|lex|num|dt|lang|id)(?![\w:.(])")
            text = bare.sub(lambda match: self.column(alias, match[0]), text)
        return _ID.sub(lambda match: self.term(int(match[0])), text)

    def _reference(self, alias: str, name: str, whole: str) -> str:
        return self.column(alias, name) if alias in self.tables else whole

    def term(self, term_id: int) -> str:
        """The term of an id; the number itself where it is none."""
        try:
            tag = Tag(term_id >> 58)
            if tag is Tag.BLANK:
                return f"_:{blank_label(term_id)}"
            term = literal_of(term_id) if tag in INLINE else self._catalog.dictionary.term(term_id)
        except (KeyError, ValueError, IndexError, OverflowError):
            return str(term_id)
        return self._wording.show(term) if isinstance(term, Iri | Literal) else str(term_id)

    def classes(self) -> Iterator[str]:
        """The class tables that serve the query, as classes."""
        for name in dict.fromkeys(self.tables.values()):
            if name in self._classes:
                yield self.term(self._classes[name].id)


_ENDS = {
    "s": lambda triple: triple.subject,
    "p": lambda triple: triple.predicate,
    "o": lambda triple: triple.object,
}
_COMPUTED = "a computed value"
_PARTS = {"lex": "text", "num": "value", "dt": "datatype", "lang": "language"}
