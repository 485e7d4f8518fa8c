"""What a converter that goes record by record writes: graph, release, records, and claims of what they tell."""

from collections.abc import Iterable
from datetime import date
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote

from rdflib import DCTERMS, PROV, RDF, RDFS, SKOS, XSD, Literal, URIRef
from rdflib.term import Node

from conflictkg.iris import digest_key, mint_graph, mint_thing
from conflictkg.provenance import Provenance, add_provenance
from conflictkg.sources.blocks import Blocks
from conflictkg.sources.cells import MOST_WORDS, Count, DaySpan
from conflictkg.sources.job import Job
from conflictkg.sources.repeats import Entry
from conflictkg.terms import CKG, SEM, SEMAPV, SSSOM
from conflictkg.values import require_concept

_BOUNDS = {
    "begin": (SEM.hasEarliestBeginTimeStamp, SEM.hasLatestBeginTimeStamp),
    "end": (SEM.hasEarliestEndTimeStamp, SEM.hasLatestEndTimeStamp),
}


class Claims:
    """The graph of one release.

    Args:
        job: The conversion.
        status: Member of the claim-status scheme that its claims have where nothing else is said.

    Attributes:
        graph: Where triples go.
        release: IRI of the release.
        publisher: IRI of who publishes it, and makes its claims.
    """

    def __init__(self, job: Job, status: str = "fact") -> None:
        self._job, self._status = job, status
        self.graph = Blocks(job.memory_mb)
        self.release = mint_thing("release", job.release_key)
        self.publisher = _iri_of(job.description.publisher)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.graph.__exit__(kind, error, trace)

    def concept(self, scheme: str, member: str) -> URIRef:
        """A concept of ours.

        Raises:
            UnmappedValueError: There is none of that name; a lookup names one that the ontology has not.
        """
        return require_concept(scheme, member, source=self._job.description.name)

    def add_release(self) -> None:
        """Describe the graph and the release; once a conversion."""
        description = self._job.description
        title = f"{description.title} {self._job.release}".strip()
        licence = URIRef(description.licence)
        self.graph.add_all(
            mint_graph(self._job.release_key),
            (RDF.type, CKG.NamedGraph),
            (
                DCTERMS.title,
                Literal(f"Claims of: {description.title}, release {self._job.release}", lang="en"),
            ),
            (DCTERMS.license, licence),
            (DCTERMS.source, self.release),
            (CKG.redistribution, Literal(description.redistribution)),
        )
        self.graph.add_all(
            self.release,
            (RDF.type, CKG.DatasetRelease),
            (DCTERMS.title, Literal(title, lang="en")),
            (DCTERMS.license, licence),
            (DCTERMS.publisher, self.publisher),
        )

    def add_record(
        self,
        key: str,
        line: int,
        sha256: str,
        *,
        identifier: str = "",
        issues: Iterable[str] = (),
        revises: str = "",
    ) -> URIRef:
        """Describe one row or entry of the release.

        Args:
            key: Names it within the release; for two of one identifier another than that.
            line: Where it begins.
            sha256: Hash of what it was.
            identifier: The source's own; by default the key.
            issues: Members of the data-issue scheme.
            revises: Key of the record that it is a revision of, if it is one.
        """
        record = self._record(key)
        self.graph.add_all(
            record,
            (RDF.type, CKG.SourceRecord),
            (DCTERMS.identifier, Literal(identifier or key)),
            (DCTERMS.isPartOf, self.release),
            (CKG.line, Literal(line)),
            (CKG.rowSha256, Literal(sha256)),
            (PROV.wasRevisionOf, self._record(revises) if revises else None),
            *((CKG.dataIssue, self.concept("data-issue", each)) for each in issues),
        )
        return record

    def add_entry(self, entry: Entry[Any], issues: Iterable[str] = ()) -> URIRef:
        """Describe the record that an entry is; ``issues`` are those of its content."""
        return self.add_record(
            entry.key,
            entry.line,
            entry.sha256,
            identifier=entry.identifier,
            issues=(*entry.issues, *issues),
            revises=entry.revises,
        )

    def add_claim(
        self,
        record: URIRef,
        name: str,
        subject: URIRef,
        predicate: URIRef,
        value: Node,
        *more: tuple[URIRef, Node | None],
        provenance: Provenance | None = None,
    ) -> URIRef:
        """Claim a value of a property.

        Args:
            record: Where it stands.
            name: Names the claim among those of its record.
            subject: What it is about.
            predicate: The property.
            value: A thing or a literal.
            more: Properties of the claim itself, such as the interval in which it holds.
            provenance: What stands behind it, if not the release as a whole.
        """
        claim = self._mint(record, name)
        self.graph.add_all(
            claim,
            (RDF.type, CKG.Claim),
            (CKG.claimSubject, subject),
            (CKG.claimProperty, predicate),
            (CKG.claimValue if isinstance(value, Literal) else CKG.claimObject, value),
            *more,
        )
        self._stand_behind(claim, record, provenance)
        return claim

    def add_name(
        self,
        record: URIRef,
        name: str,
        subject: URIRef,
        label: Literal,
        kind: str,
        *more: tuple[URIRef, Node | None],
    ) -> URIRef:
        """Claim a name of a thing; ``kind`` is a member of the name-kind scheme."""
        predicate = SKOS.prefLabel if kind == "main" else SKOS.altLabel
        concept = self.concept("name-kind", kind)
        return self.add_claim(
            record, name, subject, predicate, label, (CKG.nameKind, concept), *more
        )

    def add_count(
        self,
        record: URIRef,
        name: str,
        subject: URIRef,
        category: str,
        count: Count,
        *,
        provenance: Provenance | None = None,
    ) -> URIRef:
        """Claim a number; ``category`` is a member of the count-category scheme."""
        claim = self._mint(record, name)
        self.graph.add_all(
            claim,
            (RDF.type, CKG.CountClaim),
            (CKG.claimSubject, subject),
            (CKG.countOf, self.concept("count-category", category)),
            (CKG.lowerBound, _whole(count.low)),
            (CKG.bestEstimate, _whole(count.best)),
            (CKG.upperBound, _whole(count.high)),
            (CKG.vague, Literal(True) if count.vague else None),
            (CKG.notReported, Literal(True) if count.not_reported else None),
            (CKG.verbatim, Literal(count.verbatim, lang="en") if count.verbatim else None),
            (CKG.dataIssue, self.concept("data-issue", count.issue) if count.issue else None),
            (CKG.repair, Literal(count.repair, lang="en") if count.repair else None),
        )
        self._stand_behind(claim, record, provenance)
        return claim

    def add_date(
        self,
        record: URIRef,
        name: str,
        subject: URIRef,
        days: DaySpan | None,
        *more: tuple[URIRef, Node | None],
        of: str = "",
        ends: Iterable[str] = ("begin", "end"),
        provenance: Provenance | None = None,
    ) -> URIRef:
        """Claim when something happened.

        Args:
            record: Where it stands.
            name: Names the claim among those of its record.
            subject: What it is about.
            days: Between which days; None where the source says only that it does not know.
            more: Properties of the claim itself.
            of: Member of the date-kind scheme, where the subject has several dates.
            ends: Which of "begin" and "end" the days are of; both of what lasted no longer than they.
            provenance: What stands behind it, if not the release as a whole.
        """
        claim = self._mint(record, name)
        self.graph.add_all(
            claim,
            (RDF.type, CKG.DateClaim),
            (CKG.claimSubject, subject),
            (CKG.dateOf, self.concept("date-kind", of) if of else None),
            (
                CKG.datePrecision,
                self.concept("date-precision", days.precision if days else "unknown"),
            ),
            *(
                (predicate, Literal(day))
                for end in ends
                if days
                for predicate, day in zip(_BOUNDS[end], (days.first, days.last), strict=True)
            ),
            *more,
        )
        self._stand_behind(claim, record, provenance)
        return claim

    def add_relation(
        self,
        record: URIRef,
        name: str,
        child: URIRef,
        parent: URIRef,
        relation: str,
        *,
        valid_from: date | None = None,
        valid_until: date | None = None,
        provenance: Provenance | None = None,
    ) -> URIRef:
        """Claim that one group stands to another as a member of the relation-type scheme says, in an interval."""
        claim = mint_thing("relation", _key_of(record, name))
        self.graph.add_all(
            claim,
            (RDF.type, CKG.GroupRelation),
            (CKG.child, child),
            (CKG.parent, parent),
            (CKG.relationType, self.concept("relation-type", relation)),
            *valid_in(valid_from, valid_until),
        )
        self._stand_behind(claim, record, provenance)
        return claim

    def add_thing(
        self, iri: URIRef, kind: URIRef, name: str, *more: tuple[URIRef, Node | None]
    ) -> URIRef:
        """Describe what claims speak of: its class and its name, as a label where it is an event or the like."""
        label = RDFS.label if kind in _LABELLED else SKOS.prefLabel
        self.graph.add_all(iri, (RDF.type, kind), (label, Literal(name, lang="en")), *more)
        return iri

    def add_mapping(self, thing: URIRef, outside: str, key: str = "", label: str = "") -> None:
        """Map a thing to one of elsewhere that the source itself says is the same.

        Args:
            thing: Ours.
            outside: IRI of the other.
            key: Names the thing; by default its IRI.
            label: What the other is called.
        """
        description = self._job.description
        comment = f"{description.title} itself gives this identifier"
        self.graph.add_all(
            mint_thing(
                "mapping", digest_key(key or str(thing), "exactMatch", description.name, outside)
            ),
            (RDF.type, SSSOM.Mapping),
            (SSSOM.subject_id, thing),
            (SSSOM.predicate_id, SKOS.exactMatch),
            (SSSOM.object_id, URIRef(outside)),
            (SSSOM.object_label, Literal(label) if label else None),
            (SSSOM.object_source, self.release),
            (SSSOM.mapping_justification, SEMAPV.UnspecifiedMatching),
            (SSSOM.comment, Literal(comment, lang="en")),
        )

    def _record(self, key: str) -> URIRef:
        return mint_thing("record", f"{self._job.release_key}/{key}")

    def _mint(self, record: URIRef, name: str) -> URIRef:
        return mint_thing("claim", _key_of(record, name))

    def _stand_behind(self, claim: URIRef, record: URIRef, provenance: Provenance | None) -> None:
        if provenance is None:
            provenance = Provenance(
                self._status, self._job.description.review, (self.publisher,), record
            )
        add_provenance(self.graph, claim, provenance)


_LABELLED = frozenset(
    {
        CKG.ConflictEvent,
        CKG.Strike,
        CKG.StrikeSeries,
        CKG.Statement,
        CKG.PersonGroup,
        CKG.Dyad,
        CKG.Conflict,
    }
)


def _key_of(record: URIRef, name: str) -> str:
    """Of a claim: that of its record, or of the release as a whole, with a name behind it."""
    _, _, key = str(record).partition("/id/")
    _, _, key = key.partition("/")
    return f"{unquote(key)}-{name}"


def _iri_of(key: str) -> URIRef:
    kind, _, local = key.partition("/")
    return mint_thing(kind, local)


def _whole(number: int | None) -> Literal | None:
    return None if number is None else Literal(number, datatype=XSD.integer)


def quoted_property(value: str) -> tuple[URIRef, Node | None]:
    """The words of a source for something, where they are ten or fewer."""
    words = value.split()
    return CKG.verbatim, Literal(" ".join(words), lang="en") if 0 < len(
        words
    ) <= MOST_WORDS else None


def name_property(name: str) -> URIRef:
    """Of a name of no known kind: another name, where it is short enough to be quoted as one."""
    return SKOS.altLabel if len(name.split()) <= MOST_WORDS else SKOS.prefLabel


def valid_in(first: date | None, last: date | None) -> tuple[tuple[URIRef, Node | None], ...]:
    """The interval in which something holds, both days included; None of an end that is not known."""
    return (
        (CKG.validFrom, Literal(first) if first else None),
        (CKG.validUntil, Literal(last) if last else None),
    )


def rests_on(*sources: URIRef) -> tuple[tuple[URIRef, Node | None], ...]:
    """Whom a record names as its own sources."""
    return tuple((PROV.hadPrimarySource, each) for each in sources)
