"""Which triples the rows of a table stand for, by its profile: what ``mapping.toml`` is to a source of one kind."""

from collections.abc import Mapping
from typing import Any

from conflictkg.sources.job import Job
from conflictkg.sources.mapping import Section, read_mapping
from conflictkg.sources.strikes.profile import ActorRule, CodeRule, CountRule, Profile

Block = dict[str, Any]


def make_sections(profile: Profile, job: Job) -> tuple[Section, ...]:
    """The sections of a profile, in the order of their subjects' IRIs."""
    description = job.description
    given = {
        "release": job.release_key,
        "profile": profile.name,
        "kind": profile.kind,
        "class": profile.event_class,
        "event_name": profile.event_name,
        "review": description.review,
        "publisher": description.publisher,
        "title": f"{description.title} {job.release}".strip(),
        "title_of_claims": f"Claims of: {description.title}, release {job.release}",
        "licence": description.licence,
        "redistribution": str(description.redistribution).lower(),
    }
    sections = [
        _section("release", _GRAPH),
        {"relation": "event", "block": _claim_blocks(profile)},
        _section("place_within", _WITHIN),
        _section("document", _DOCUMENT),
        *([_section("record", _EVENT)] if profile.kind == "event" else []),
        _section("organization", _ORGANIZATION),
        _section("person_group", _PERSON_GROUP),
        _section("place", *([_POINT, _GEOMETRY] if profile.place.latitude else [_PLACE])),
        _section("record", _RECORD),
        _section("release", _RELEASE),
        *([_section("record", _EVENT)] if profile.kind == "strike" else []),
    ]
    content = {"template": {"claim": _CLAIM}, "section": sections}
    return read_mapping(content, given, profile.name)


def fields_of(rule: ActorRule | CodeRule | CountRule) -> str:
    """What columns of a rule begin with in the relation ``event``."""
    name = rule.category if isinstance(rule, CountRule) else rule.name
    return name.replace("-", "_")


# Claims of a row, whose names are in alphabetical order


def _claim_blocks(profile: Profile) -> list[Block]:
    blocks: dict[str, Block] = {"date": _claim("date", _DATE)}
    blocks["place"] = _claim("place", _HAS_PLACE, "has_place")
    for number in (1, 2) if profile.place.alternatives else ():
        name = "alternative-place" + (f"-{number}" if number > 1 else "")
        value = f"<id/{{alternative_{number}}}>"
        blocks[name] = _claim(name, _object("alternativePlace", value), f"has_alternative_{number}")
    for actor in profile.actors:
        value = actor.fixed or f"{{{fields_of(actor)}_key}}"
        when = "" if actor.fixed else f"has_{fields_of(actor)}"
        blocks[actor.name] = _claim(actor.name, _object(actor.property, f"<id/{value}>"), when)
    for code in profile.codes:
        value = f"cs:{code.scheme}-{code.fixed or f'{{{fields_of(code)}_member}}'}"
        when = "" if code.fixed else f"has_{fields_of(code)}"
        blocks[code.name] = _claim(code.name, _object(code.property, value), when)
    for count in profile.counts:
        blocks[count.category] = _claim(count.category, _count(count))
    return [blocks[name] for name in sorted(blocks)]


def _claim(name: str, properties: Mapping[str, str], when: str = "") -> Block:
    block: Block = {
        "subject": f"<id/claim/{{release}}/{{key}}/{name}>",
        "use": ["claim"],
        "properties": properties,
    }
    return {**block, "when": when} if when else block


def _object(name: str, value: str) -> dict[str, str]:
    return {"a": "ckg:Claim", "ckg:claimProperty": f"ckg:{name}", "ckg:claimObject": value}


def _count(rule: CountRule) -> dict[str, str]:
    name = fields_of(rule)
    return {
        "a": "ckg:CountClaim",
        "ckg:countOf": f"cs:count-category-{rule.category}",
        "ckg:lowerBound": f"{{{name}_low}}^^xsd:integer",
        "ckg:bestEstimate": f"{{{name}_best}}^^xsd:integer",
        "ckg:upperBound": f"{{{name}_high}}^^xsd:integer",
        "ckg:vague": f"{{{name}_vague}}^^xsd:boolean",
        "ckg:notReported": f"{{{name}_not_reported}}^^xsd:boolean",
        "ckg:verbatim": f'"{{{name}_verbatim}}"@en',
        "ckg:repair": f'"{{{name}_repair}}"@en',
        "ckg:dataIssue": f"cs:data-issue-{{{name}_issues[]}}",
    }


_CLAIM = {
    "ckg:claimStatus": "cs:claim-status-fact",
    "ckg:claimSubject": "<id/{kind}/{profile}/{id_key}>",
    "ckg:modality": "cs:modality-actual",
    "ckg:polarity": "cs:polarity-affirmed",
    "ckg:reviewStatus": "cs:review-status-{review}",
    "prov:wasAttributedTo": "<id/{publisher}>",
    "prov:wasDerivedFrom": "<id/record/{release}/{key}>",
}

_DATE = {
    "a": "ckg:DateClaim",
    "sem:hasEarliestBeginTimeStamp": '"{date_first}"^^xsd:date',
    "sem:hasLatestBeginTimeStamp": '"{date_last}"^^xsd:date',
    "sem:hasEarliestEndTimeStamp": '"{date_end_first}"^^xsd:date',
    "sem:hasLatestEndTimeStamp": '"{date_end_last}"^^xsd:date',
    "ckg:datePrecision": "cs:date-precision-{date_precision}",
}

_HAS_PLACE = {
    "a": "ckg:Claim",
    "ckg:claimProperty": "sem:hasPlace",
    "ckg:claimObject": "<id/{place}>",
    "ckg:placePrecision": "cs:place-precision-{place_precision}",
    "ckg:verbatim": '"{place_verbatim}"@en',
    "ckg:dataIssue": "cs:data-issue-{place_issue}",
}


# What claims speak of, rows, and the release


def _section(relation: str, *blocks: Block) -> Block:
    return {"relation": relation, "block": list(blocks)}


def _block(subject: str, properties: Mapping[str, str], when: str = "") -> Block:
    block: Block = {"subject": subject, "properties": properties}
    return {**block, "when": when} if when else block


_GRAPH = _block(
    "<graph/{release}>",
    {
        "a": "ckg:NamedGraph",
        "dct:license": "<{licence}>",
        "dct:source": "<id/release/{release}>",
        "dct:title": '"{title_of_claims}"@en',
        "ckg:redistribution": "{redistribution}^^xsd:boolean",
    },
)

# Behind all claims of rows, whose keys have no tilde at their beginning.
_WITHIN = _block(
    "<id/claim/{release}/~{key}/within>",
    {
        "a": "ckg:Claim",
        "ckg:claimStatus": "cs:claim-status-fact",
        "ckg:claimSubject": "<id/{key}>",
        "ckg:claimProperty": "ckg:within",
        "ckg:claimObject": "<id/{within}>",
        "ckg:modality": "cs:modality-actual",
        "ckg:polarity": "cs:polarity-affirmed",
        "ckg:reviewStatus": "cs:review-status-{review}",
        "prov:wasAttributedTo": "<id/{publisher}>",
        "prov:wasDerivedFrom": "<id/release/{release}>",
    },
)

_DOCUMENT = _block(
    "<id/document/{profile}/{key}>",
    {
        "a": "ckg:CitedDocument",
        "dct:title": '"a report that the table links"@en',
        "dct:source": "<{address}>",
    },
)

_EVENT = _block(
    "<id/{kind}/{profile}/{id_key}>",
    {
        "a": "ckg:{class}",
        "rdfs:label": '"{event_name} {id}"@en',
        "ckg:placePrecision": "cs:place-precision-{unknown_place}",
    },
    "is_first",
)

_ORGANIZATION = _block(
    "<id/{key}>",
    {
        "a": "ckg:Organization",
        "skos:prefLabel": '"{name}"@en',
        "ckg:organizationLevel": "cs:organization-level-{levels[]}",
    },
)

_PERSON_GROUP = _block("<id/{key}>", {"a": "ckg:PersonGroup", "rdfs:label": '"{name}"@en'})

_NAMED = {
    "a": "ckg:Place",
    "skos:prefLabel": '"{name}"@en',
    "ckg:placePrecision": "cs:place-precision-{precision}",
}

_PLACE = _block("<id/{key}>", _NAMED)

_POINT = _block(
    "<id/{key}>",
    {
        **_NAMED,
        "geo:hasGeometry": "<id/{geometry_key}/geometry>",
        "wgs:lat": "{latitude}^^xsd:decimal",
        "wgs:long": "{longitude}^^xsd:decimal",
    },
)

_GEOMETRY = _block(
    "<id/{key}/geometry>",
    {"a": "geo:Geometry", "geo:asWKT": '"POINT ({longitude} {latitude})"^^geo:wktLiteral'},
    "has_geometry",
)

_RECORD = _block(
    "<id/record/{release}/{key}>",
    {
        "a": "ckg:SourceRecord",
        "dct:identifier": '"{id}"',
        "dct:isPartOf": "<id/release/{release}>",
        "ckg:line": "{line}^^xsd:integer",
        "ckg:rowSha256": '"{sha256}"',
        "ckg:dataIssue": "cs:data-issue-{record_issue}",
        "prov:wasRevisionOf": "<id/record/{release}/{revised}>",
        "prov:wasDerivedFrom": "<id/document/{profile}/{document}>",
    },
)

_RELEASE = _block(
    "<id/release/{release}>",
    {
        "a": "ckg:DatasetRelease",
        "dct:license": "<{licence}>",
        "dct:publisher": "<id/{publisher}>",
        "dct:title": '"{title}"@en',
    },
)
