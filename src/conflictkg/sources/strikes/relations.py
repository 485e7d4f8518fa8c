# ruff: noqa: S608 -- SQL here is made of our own names
"""The relations that the mapping of a profile names, from accepted rows and what their cells say."""

from conflictkg.sources.strikes.cellwise import Cellwise, exceeds
from conflictkg.sources.strikes.checks import ADDRESS
from conflictkg.sources.strikes.mapping import fields_of
from conflictkg.sources.strikes.profile import CountRule

# Claims are ordered with what follows the key in their IRIs, records by the key alone.
_EVENT = """
CREATE TABLE event AS
SELECT line, sha256, id, id_key,
  CASE WHEN place_in_id = 1 THEN id_key ELSE concat(id_key, '~', substring(sha256, 1, 8)) END AS key,
  CASE WHEN place_in_id > 1 THEN id_key END AS revised,
  place_in_id = 1 AS is_first,
  CASE WHEN place_in_id > 1 THEN 'duplicate-identifier' END AS record_issue,
  {fields}
FROM accepted {joins}
ORDER BY concat(key, '/')
"""
_RECORD = """
CREATE VIEW record AS
SELECT line, sha256, id, id_key, key, revised, is_first, record_issue, unknown_place, document
FROM event ORDER BY key
"""
_PLACE = """
CREATE TABLE place AS
WITH RECURSIVE used(key) AS (
  SELECT unnest([place, alternative_1, alternative_2]) FROM event
  UNION SELECT within FROM found_place JOIN used USING (key)
)
SELECT key, min(name) AS name, min(within) AS within, min(precision) AS precision, min(latitude) AS latitude,
  min(longitude) AS longitude, min(latitude) IS NOT NULL AS has_geometry,
  CASE WHEN min(latitude) IS NOT NULL THEN key END AS geometry_key
FROM found_place WHERE key IN (SELECT key FROM used) GROUP BY key ORDER BY key
"""
_WITHIN = """
CREATE VIEW place_within AS SELECT key, within FROM place WHERE within <> '' ORDER BY concat(key, '/')
"""
_ACTOR = """
CREATE TABLE {table} AS
SELECT key, min(name) AS name, list_sort(list_distinct(list(level))) AS levels
FROM found_actor WHERE starts_with(key, '{kind}/') AND key IN ({used}) GROUP BY key ORDER BY key
"""
_DOCUMENT = """
CREATE TABLE document AS
SELECT document AS key, min(address) AS address FROM event WHERE document IS NOT NULL GROUP BY document ORDER BY key
"""


def make_relations(table: Cellwise) -> None:
    """Make the relations."""
    table.job.progress("relate", None, "")
    joins = "\n".join(table.join(each.name, each.columns, "accepted") for each in table.readers)
    table.run(_EVENT.format(fields=",\n  ".join(_fields(table)), joins=joins))
    table.run(_RECORD)
    table.run("CREATE TABLE release AS SELECT 1 AS one")
    table.run(_PLACE)
    table.run(_WITHIN)
    actors = [fields_of(each) for each in table.profile.actors if each.column]
    used = " UNION ".join(f"SELECT {each}_key FROM event" for each in actors) or "SELECT ''"
    for name, kind in (("organization", "organization"), ("person_group", "person-group")):
        table.run(_ACTOR.format(table=name, kind=kind, used=used))
    table.run(_DOCUMENT)


def _fields(table: Cellwise) -> list[str]:
    """The columns of ``event`` that come of what cells say."""
    dates = ("first", "last", "end_first", "end_last", "precision")
    fields = [f"read_date.{each} AS date_{each}" for each in dates]
    fields += _fields_of_place(table)
    fields += _fields_of_link(table)
    for actor in table.profile.actors:
        if actor.column:
            name, found = fields_of(actor), f'"read_actor_{actor.name}".actor'
            fields += [f"{found} AS {name}_key", f"{found} IS NOT NULL AS has_{name}"]
    for code in table.profile.codes:
        if code.column:
            name, found = fields_of(code), f'"read_code_{code.name}".member'
            fields += [f"{found} AS {name}_member", f"{found} IS NOT NULL AS has_{name}"]
    for count in table.profile.counts:
        fields += _fields_of_count(count)
    return fields


def _fields_of_place(table: Cellwise) -> list[str]:
    if not any(each.name == "place" for each in table.readers):
        country = table.profile.place.country
        columns = ("alternative_1", "alternative_2", "place_verbatim", "place_issue")
        return [
            f"'{country}' AS place, {bool(country)} AS has_place, 'country' AS place_precision",
            *(f"NULL::VARCHAR AS {each}" for each in columns),
            "FALSE AS has_alternative_1, FALSE AS has_alternative_2, 'unknown' AS unknown_place",
        ]
    return [
        "read_place.place AS place, read_place.place IS NOT NULL AS has_place",
        "read_place.precision AS place_precision",
        *(
            f"read_place.alternative_{at} AS alternative_{at},"
            f" read_place.alternative_{at} IS NOT NULL AS has_alternative_{at}"
            for at in (1, 2)
        ),
        "read_place.verbatim AS place_verbatim, read_place.issue AS place_issue",
        "CASE WHEN read_place.is_unknown THEN 'unknown' END AS unknown_place",
    ]


def _fields_of_link(table: Cellwise) -> list[str]:
    if not table.profile.link:
        return ["NULL::VARCHAR AS document, NULL::VARCHAR AS address"]
    cell = table.cell(table.profile.link)
    is_address = f"regexp_full_match({cell}, '{ADDRESS}')"
    return [
        f"CASE WHEN {is_address} THEN substring(sha256({cell}), 1, 16) END AS document",
        f"CASE WHEN {is_address} THEN {cell} END AS address",
    ]


def _fields_of_count(rule: CountRule) -> list[str]:
    name, found = fields_of(rule), f'"read_count_{rule.category}"'
    parts = ("low", "best", "high", "vague", "not_reported", "verbatim", "repair")
    fields = [f"{found}.{part} AS {name}_{part}" for part in parts]
    own = f"CASE WHEN {found}.issue IS NOT NULL THEN [{found}.issue] END"
    if not rule.within:
        return [*fields, f"{own} AS {name}_issues"]
    is_more = exceeds(found, f'"read_count_{rule.within}"')
    issues = f"list_sort(list_concat(['part-exceeds-whole'], coalesce({own}, [])))"
    return [*fields, f"CASE WHEN {is_more} THEN {issues} ELSE {own} END AS {name}_issues"]
