"""Entities that matter, kept aside in a table that spills to disk until all that they name is known."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from conflictkg.errors import InvalidValueError
from conflictkg.sources.spilling import append, iter_rows
from conflictkg.sources.wikidata.model import Snak, Statement
from conflictkg.sources.wikidata.reading import Entity

_MOST_WAITING = 2_000


@dataclass(frozen=True, slots=True)
class Other:
    """An item that a statement names and that is in the file: what it is to us, and one of its names."""

    kind: str
    label: str


class Kept:
    """Entities that matter, in a table that spills to disk."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        connection.execute(
            "CREATE TABLE entity (id VARCHAR, kind VARCHAR, label VARCHAR, sha256 VARCHAR, line BIGINT,"
            " content VARCHAR)"
        )
        connection.execute("CREATE TABLE named (id VARCHAR, item VARCHAR)")
        self._entities: list[tuple[object, ...]] = []
        self._named: list[tuple[str, str]] = []

    def add(self, entity: Entity) -> None:
        """Keep one."""
        content = json.dumps(_pack(entity), ensure_ascii=True)
        self._entities.append(
            (entity.id, entity.kind, entity.label, entity.sha256, entity.line, content)
        )
        self._named += ((entity.id, each) for each in sorted(set(_items_of(entity.statements))))
        if len(self._entities) >= _MOST_WAITING:
            self._flush()

    def iter_entities(self) -> Iterator[tuple[Entity, Mapping[str, Other]]]:
        """Each of them with the items that it names, in the order of their numbers; all lines of one id follow."""
        self._flush()
        for content, named in iter_rows(self._connection, _READ, _MOST_WAITING):
            others = {
                each["item"]: Other(each["kind"], each["label"])
                for each in named or ()
                if each["kind"]
            }
            yield _unpack(json.loads(content)), others

    def _flush(self) -> None:
        tables = (
            ("entity", ("id", "kind", "label", "sha256", "line", "content"), self._entities),
            ("named", ("id", "item"), self._named),
        )
        for name, columns, rows in tables:
            if rows:
                content = pa.table(list(zip(*rows, strict=True)), names=list(columns))
                append(self._connection, name, content)
                rows.clear()


_READ = """
WITH kind AS (SELECT id, arg_min(kind, sha256) AS kind, arg_min(label, sha256) AS label FROM entity GROUP BY id),
  other AS (
    SELECT n.id, list(struct_pack(item := n.item, kind := k.kind, label := k.label)) AS found
    FROM (SELECT DISTINCT id, item FROM named) n JOIN kind k ON k.id = n.item GROUP BY n.id
  )
SELECT e.content, o.found FROM entity e LEFT JOIN other o ON o.id = e.id
ORDER BY CAST(substr(e.id, 2) AS BIGINT), e.sha256, e.line
"""


def _items_of(statements: Iterable[Statement]) -> Iterator[str]:
    for each in statements:
        try:
            yield each.main.item()
        except InvalidValueError:
            continue


def _pack(entity: Entity) -> list[object]:
    return [
        entity.id, entity.kind, entity.classes, entity.line, entity.sha256, entity.label, entity.labels, entity.aliases,
        [
            [each.key, each.property, each.rank, _pack_snak(each.main),
             {name: [_pack_snak(snak) for snak in snaks] for name, snaks in each.qualifiers.items()}, each.sources]
            for each in entity.statements
        ],
    ]  # fmt: skip


def _pack_snak(snak: Snak) -> list[object]:
    return [snak.kind, snak.type, snak.value]


def _unpack(content: list[Any]) -> Entity:
    statements = tuple(
        Statement(
            key,
            name,
            rank,
            Snak(*main),
            {each: tuple(Snak(*snak) for snak in snaks) for each, snaks in qualifiers.items()},
            tuple(sources),
        )
        for key, name, rank, main, qualifiers, sources in content[8]
    )
    identifier, kind, classes, line, sha256, label, labels, aliases, _ = content
    return Entity(
        identifier,
        kind,
        tuple(classes),
        line,
        sha256,
        label,
        tuple((language, text) for language, text in labels),
        tuple((language, text) for language, text in aliases),
        statements,
    )
