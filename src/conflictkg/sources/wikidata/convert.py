"""Wikidata to triples: entities of conflict, each statement a claim with its rank, interval and sources.

What a statement means depends on what its subject and its value are, and the latter may come later in the dump or not
at all. So entities that matter are kept aside in a table that spills to disk; all others pass by.
"""

from collections.abc import Iterator

from conflictkg.sources.claims import Claims
from conflictkg.sources.job import Job
from conflictkg.sources.spilling import spilling
from conflictkg.sources.wikidata.documents import iter_json_entities
from conflictkg.sources.wikidata.kept import Kept
from conflictkg.sources.wikidata.rdf import is_rdf, iter_rdf_entities
from conflictkg.sources.wikidata.reading import Reader
from conflictkg.sources.wikidata.writing import Writer


def convert(job: Job) -> Iterator[bytes]:
    """Convert JSON or RDF of Wikidata to Turtle.

    Raises:
        SourceError: It is neither, or damaged.
    """
    records = iter_rdf_entities(job) if is_rdf(job) else iter_json_entities(job)
    with spilling(job.memory_mb // 2) as tables, Claims(job) as claims:
        kept = Kept(tables)
        reader = Reader(job)
        for record in records:
            entity = reader.read(record)
            if entity is not None:
                kept.add(entity)
            if not job.report.read % 10_000:
                job.progress("read", job.report.part(), f"{job.report.read:,} entities")
        claims.add_release()
        writer = Writer(job, claims)
        for entity, others in kept.iter_entities():
            writer.write(entity, others)
        job.require_counts()
        yield from claims.graph.iter_turtle()
