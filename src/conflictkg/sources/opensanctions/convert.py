"""OpenSanctions to triples: each statement of its lists a claim of that list, as OpenSanctions reports it.

Statements come in any order, and what one means depends on others: of which kind the entity is, who stands at the
other end of a tie. So they are gathered in a table that spills to disk, and read from it entity by entity.

Source: https://www.opensanctions.org/docs/bulk/, the columns and schemata of followthemoney 4.
"""

from collections.abc import Iterator

from conflictkg.sources.claims import Claims
from conflictkg.sources.job import Job
from conflictkg.sources.opensanctions.gathering import Gathered
from conflictkg.sources.opensanctions.statements import iter_statements
from conflictkg.sources.opensanctions.writing import Writer
from conflictkg.sources.spilling import spilling


def convert(job: Job) -> Iterator[bytes]:
    """Convert statements or entities to Turtle.

    Raises:
        SourceError: It is no such file.
    """
    with spilling(job.memory_mb // 2) as tables, Claims(job, "attributed-claim") as claims:
        gathered = Gathered(tables)
        for statement in iter_statements(job):
            gathered.add(statement)
            if not job.report.read % 50_000:
                job.progress("read", job.report.part(), f"{job.report.read:,} rows")
        claims.add_release()
        writer = Writer(job, claims)
        done, total = 0, len(gathered)
        for entity, statements in gathered.iter_entities():
            writer.write(entity, statements)
            done += len(statements)
            job.progress("convert", done / total, f"{done:,} statements")
        job.require_counts()
        yield from claims.graph.iter_turtle()
