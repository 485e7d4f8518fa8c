"""Claims as pages show them: what is said, how, by whom, through whom, and where it stands."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from rdflib import PROV

from conflictkg.answers import Iri, Literal, Term
from conflictkg.terms import CKG, CS, PREFIXES, SEM
from conflictkg.web.display import Shown, name_of, show_term
from conflictkg.web.site import Site, iri_of

MAX_CLAIMS = 150
"""Claims that one section of a page shows."""

# What the ontology adds is no part of what a source claims.
_TRIPLES = """
SELECT ?thing ?role ?claim ?property ?value WHERE {
  ?claim ?role ?thing .
  GRAPH ?graph { ?claim ?property ?value }
  FILTER (?graph != <https://w3id.org/conflictkg/graph/entailed>)
}
ORDER BY ?claim
"""

_OWN_TRIPLES = """
SELECT ?claim ?property ?value WHERE {
  GRAPH ?graph { ?claim ?property ?value }
  FILTER (?graph != <https://w3id.org/conflictkg/graph/entailed>)
}
"""

_POSITIONS = """
SELECT DISTINCT ?thing ?role ?claim ?document ?start ?end WHERE {
  ?claim ?role ?thing ; ckg:evidence/oa:hasTarget ?target .
  ?target oa:hasSource ?document ; oa:hasSelector ?selector .
  ?selector oa:start ?start ; oa:end ?end .
}
"""

# A tenure has no name of its own: post or role and organization tell which it is.
TENURE_PARTS = """
  { ?tenure ckg:post ?of BIND ("post" AS ?part) }
  UNION { ?tenure org:role ?of BIND ("role" AS ?part) }
  UNION { ?tenure org:organization ?of BIND ("organization" AS ?part) }
  UNION { ?tenure ckg:deputyOf ?of BIND ("deputy of" AS ?part) }
  UNION {
    ?says ckg:claimObject ?tenure ; ckg:claimProperty org:hasMembership ; ckg:claimSubject ?of
    BIND ("member" AS ?part)
  }
"""
_TENURES = (
    """
SELECT DISTINCT ?thing ?role ?claim ?tenure ?part ?of WHERE {
  ?claim ?role ?thing ; ckg:claimSubject|ckg:claimObject ?tenure .
  ?tenure a ckg:Tenure .
"""
    + TENURE_PARTS
    + "}"
)

_STATUS, _REVIEW = str(CS) + "claim-status-", str(CS) + "review-status-"
_POLARITY, _MODALITY = str(CS) + "polarity-", str(CS) + "modality-"
_BOUNDS = (
    (SEM.hasEarliestBeginTimeStamp, SEM.hasLatestBeginTimeStamp),
    (SEM.hasEarliestEndTimeStamp, SEM.hasLatestEndTimeStamp),
)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a claim stands.

    Args:
        document: The text.
        start: First character, counted from 0.
        end: The character after the last.
    """

    document: Shown
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ShownClaim:
    """One claim, ready for a page.

    Args:
        iri: Its IRI, as a link.
        subject: What it is about.
        about: What of it is claimed: the property's name, or what is counted.
        values: What is claimed.
        printed: The source's own few words, where they are held.
        status: Member of the claim-status scheme; empty where it has none.
        review: Member of the review-status scheme.
        flags: What turns the claim round: negated, hypothetical, conditional.
        said_by: Who makes it.
        through: Those through whom the source has it.
        derived_from: Where it was read.
        positions: Where in it.
        notes: Further facts: counting rule, as-of date, a curator's note.
    """

    iri: Shown
    subject: Shown
    about: Shown
    values: tuple[Shown, ...]
    printed: tuple[str, ...]
    status: str
    review: str
    flags: tuple[str, ...]
    said_by: tuple[Shown, ...]
    through: tuple[Shown, ...]
    derived_from: tuple[Shown, ...]
    positions: tuple[Position, ...]
    notes: tuple[tuple[str, str], ...]

    def order(self) -> tuple[int, str]:
        """Text order; claims without a position last."""
        starts = [position.start for position in self.positions]
        return (min(starts, default=1 << 60), self.iri.title or self.iri.text)


@dataclass(frozen=True, slots=True)
class ClaimList:
    """Claims that stand in one role to a thing.

    Args:
        claims: Those that are shown, in text order.
        is_complete: Whether there are no others.
    """

    claims: tuple[ShownClaim, ...] = ()
    is_complete: bool = True

    def by_property(self) -> list[tuple[Shown, list[ShownClaim]]]:
        """The claims under what they say of their subject, most frequent first."""
        groups: dict[Shown, list[ShownClaim]] = {}
        for claim in self.claims:
            groups.setdefault(claim.about, []).append(claim)
        return sorted(groups.items(), key=lambda item: (-len(item[1]), item[0].text))


@dataclass(slots=True)
class _Record:
    """A claim's own triples, by property."""

    iri: str
    values: dict[str, list[Term]]

    def iris(self, *properties: object) -> list[str]:
        return [
            term.value
            for each in properties
            for term in self.values.get(str(each), [])
            if isinstance(term, Iri)
        ]

    def texts(self, *properties: object) -> list[str]:
        return [
            term.lexical
            for each in properties
            for term in self.values.get(str(each), [])
            if isinstance(term, Literal)
        ]

    def member(self, prop: object, stem: str) -> str:
        """The concept of a scheme that the claim has, without the scheme's stem."""
        found = [each.removeprefix(stem) for each in self.iris(prop) if each.startswith(stem)]
        return found[0] if found else ""


def load_claims(site: Site, thing: str, role: str, *, limit: int = MAX_CLAIMS) -> ClaimList:
    """The claims that stand in a role to a thing.

    Args:
        site: The site.
        thing: IRI of the thing.
        role: IRI of the property that leads from claim to thing: ``ckg:claimSubject``.
        limit: Claims that are kept.
    """
    # A claim has some fifteen triples; the last one may be cut, and is left out then.
    rows = site.ask(_TRIPLES, limit=limit * 25, thing=thing, role=role)
    records = _group(rows.dicts())
    if not rows.complete and records:
        records.pop()
    positions = site.ask(_POSITIONS, limit=limit * 4, thing=thing, role=role).dicts()
    tenures = site.ask(_TENURES, limit=limit * 6, thing=thing, role=role).dicts()
    shown = _show_all(site, records[:limit], positions, tenures)
    return ClaimList(shown, is_complete=rows.complete and len(records) <= limit)


def load_claim(site: Site, iri: str) -> ShownClaim | None:
    """One claim by its IRI; none where nothing is said of it."""
    records = _group(site.ask(_OWN_TRIPLES, claim=iri).dicts())
    if not records:
        return None
    positions = site.ask(_POSITIONS, claim=iri).dicts()
    tenures = site.ask(_TENURES, claim=iri).dicts()
    return _show_all(site, records, positions, tenures)[0]


def name_tenures(parts: Iterable[Mapping[str, Term]], labels: Mapping[str, str]) -> dict[str, str]:
    """Names for tenures, from the names of their parts: "leader, Haqqani Network"."""
    found: dict[str, dict[str, str]] = {}
    for row in parts:
        tenure, part, of = row.get("tenure"), row.get("part"), row.get("of")
        if isinstance(tenure, Iri) and isinstance(part, Literal) and isinstance(of, Iri):
            name = labels.get(of.value) or name_of(of.value)
            found.setdefault(tenure.value, {})[part.lexical] = name
    return {tenure: _name_tenure(of) for tenure, of in found.items()}


def _name_tenure(parts: Mapping[str, str]) -> str:
    what = parts.get("post") or parts.get("role") or "member"
    if "deputy of" in parts:
        what = f"deputy of {parts['deputy of']}"
    where = parts.get("organization", "")
    named = what if not where or where in what else f"{what}, {where}"
    return f"{parts['member']}: {named}" if "member" in parts else named


def _group(rows: Iterable[Mapping[str, Term]]) -> list[_Record]:
    """Rows of claim, property and value as one record a claim; each value once."""
    records: dict[str, _Record] = {}
    for row in rows:
        claim, prop, value = row.get("claim"), row.get("property"), row.get("value")
        if isinstance(claim, Iri) and isinstance(prop, Iri) and value is not None:
            record = records.setdefault(claim.value, _Record(claim.value, {}))
            values = record.values.setdefault(prop.value, [])
            if value not in values:
                values.append(value)
    return list(records.values())


def _show_all(
    site: Site,
    records: Sequence[_Record],
    positions: Sequence[Mapping[str, Term]],
    tenures: Sequence[Mapping[str, Term]],
) -> tuple[ShownClaim, ...]:
    mentioned = {
        term.value
        for record in records
        for values in record.values.values()
        for term in values
        if isinstance(term, Iri)
    }
    mentioned |= {
        term.value
        for row in (*positions, *tenures)
        for term in row.values()
        if isinstance(term, Iri)
    }
    labels = site.labels_of(mentioned)
    labels = {**name_tenures(tenures, labels), **labels}
    places: dict[str, dict[Position, None]] = {}
    for row in positions:
        start, end = row["start"], row["end"]
        if isinstance(start, Literal) and isinstance(end, Literal):
            document = show_term(row["document"], PREFIXES, labels)
            where = Position(document, int(start.lexical), int(end.lexical))
            places.setdefault(iri_of(row["claim"]), {})[where] = None
    claims = [_show(record, labels, list(places.get(record.iri, {}))) for record in records]
    return tuple(sorted(claims, key=ShownClaim.order))


def _show(record: _Record, labels: Mapping[str, str], positions: list[Position]) -> ShownClaim:
    def show(iris: Iterable[str]) -> tuple[Shown, ...]:
        return tuple(show_term(Iri(iri), PREFIXES, labels) for iri in iris)

    about, values = _what_is_said(record, labels)
    subject = show(record.iris(CKG.claimSubject, CKG.child))
    polarity = record.member(CKG.polarity, _POLARITY)
    modality = record.member(CKG.modality, _MODALITY)
    return ShownClaim(
        iri=show([record.iri])[0],
        subject=subject[0] if subject else Shown("unknown"),
        about=about,
        values=values,
        printed=tuple(record.texts(CKG.verbatim, CKG.resolvedFrom, CKG.directQuote)),
        status=record.member(CKG.claimStatus, _STATUS),
        review=record.member(CKG.reviewStatus, _REVIEW),
        flags=tuple(
            each for each in (polarity, modality) if each not in {"", "affirmed", "actual"}
        ),
        said_by=show(record.iris(PROV.wasAttributedTo)),
        # The order of a chain is not held; an order that stays the same reads better than none.
        through=tuple(sorted(show(record.iris(CKG.reportedBy)), key=lambda each: each.text)),
        derived_from=show(record.iris(PROV.wasDerivedFrom)),
        positions=tuple(sorted(positions, key=lambda each: each.start)),
        notes=_notes_of(record),
    )


def _what_is_said(record: _Record, labels: Mapping[str, str]) -> tuple[Shown, tuple[Shown, ...]]:
    """The property and the values of a claim, whatever its class."""

    def show(iri: str) -> Shown:
        return show_term(Iri(iri), PREFIXES, {iri: name_of(iri), **labels})

    counted = record.iris(CKG.countOf)
    if counted:
        name = show(counted[0])
        about = Shown(f"count: {name.text}", name.title, name.href)
        return about, (Shown(_tell_count(record), is_number=True),)
    relation = record.iris(CKG.relationType)
    if relation:
        return show(relation[0]), tuple(show(each) for each in record.iris(CKG.parent))
    if any(record.texts(*bounds) for bounds in _BOUNDS):
        return Shown("date"), (Shown(_tell_date(record, labels)),)
    properties = record.iris(CKG.claimProperty)
    terms = [
        *record.values.get(str(CKG.claimObject), []),
        *record.values.get(str(CKG.claimValue), []),
    ]
    # A tenure's name begins with its holder's, which is the subject here.
    holder = "".join(f"{labels.get(iri, '')}: " for iri in record.iris(CKG.claimSubject)[:1])
    shown = (show_term(term, PREFIXES, labels) for term in terms)
    values = tuple(replace(each, text=each.text.removeprefix(holder)) for each in shown)
    return (show(properties[0]) if properties else Shown("says")), values


def _tell_count(record: _Record) -> str:
    """A count in words.

    Bounds that are missing stay open: unknown is never nothing.
    """
    low, best, high = (
        next(iter(record.texts(each)), "")
        for each in (CKG.lowerBound, CKG.bestEstimate, CKG.upperBound)
    )
    if "true" in record.texts(CKG.notReported):
        return "not reported"
    if low and low == high:
        return low
    if low and high:
        text = f"{low} to {high}"
    elif low or high:
        text = f"at least {low}" if low else f"at most {high}"
    else:
        text = "" if best else "no number given"
    if best:
        text = f"{text} (best estimate {best})" if text else f"best estimate {best}"
    return text


def _tell_date(record: _Record, labels: Mapping[str, str]) -> str:
    """Dates in words: a day, or bounds of beginning and end, with the precision."""
    begin, end = (
        _tell_bounds(next(iter(record.texts(earliest)), ""), next(iter(record.texts(latest)), ""))
        for earliest, latest in _BOUNDS
    )
    text = f"begins {begin}, ends {end}" if begin and end and begin != end else begin or end
    precision = "".join(labels.get(iri, name_of(iri)) for iri in record.iris(CKG.datePrecision)[:1])
    return f"{text} (precision: {precision})" if precision and precision != "day" else text


def _tell_bounds(earliest: str, latest: str) -> str:
    if earliest and latest:
        return earliest if earliest == latest else f"between {earliest} and {latest}"
    return f"{earliest} or later" if earliest else latest and f"{latest} or earlier"


def _notes_of(record: _Record) -> tuple[tuple[str, str], ...]:
    asked = (
        ("as of", CKG.asOf),
        ("valid from", CKG.validFrom),
        ("valid until", CKG.validUntil),
        ("counted", CKG.countingRule),
        ("note", PREFIXES["skos"] + "scopeNote"),
    )
    return tuple((name, text) for name, prop in asked for text in record.texts(prop))
