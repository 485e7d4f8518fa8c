"""Every exception that conflictkg raises on purpose.

::

    ConflictKGError
    ├── SourceError                source, record, place (file and line)
    │   ├── MissingFieldError
    │   ├── UnexpectedFieldError
    │   ├── UnmappedValueError
    │   └── InvalidValueError
    ├── RdfSyntaxError             file, line, column
    ├── OntologyError
    │   ├── UnknownTermError
    │   └── InconsistentError      the contradictions, each with its triples
    ├── InvalidGraphError          the findings
    ├── QueryError
    │   ├── QuerySyntaxError       line, column, offset, end, token, hint
    │   │   └── QueryTooComplexError   which limit, and how much it allows
    │   ├── QueryTimeoutError      deadline in seconds
    │   ├── QueryMemoryError       which limit it reached
    │   ├── QueryCancelledError    who wanted no more of it
    │   ├── IncompleteAnswerError  how many rows came, and why no more
    │   ├── UnwritableError        what the format that was asked for cannot hold
    │   ├── GraphExistsError
    │   ├── MissingGraphError
    │   ├── AmbiguousDatasetError
    │   ├── FederationError        the endpoint, what kind of failure, the line of SERVICE
    │   └── NotPermittedError      the construct that is refused
    │       ├── UnknownGraphError  the graph, where the query names it, those that there are
    │       └── EndpointRefusedError   whom SERVICE asks, whom it may
    ├── StoreError
    │   ├── StoreMissingError
    │   ├── StoreBusyError
    │   ├── StoreChangedError      the release that was expected, and the present one
    │   └── UndoError              the edit's number in the journal
    ├── RefusedDataError           what the data have that is not read
    ├── ParameterError             the parameter's name
    ├── RemoteError                the endpoint, the status of its answer, the kind of problem
    ├── AccessError
    ├── NotFoundError
    ├── NotAcceptableError         what was offered
    └── ConfigError                the setting's name

Catching :class:`ConflictKGError` catches what we raise and no programming mistake.
A message says where, what is wrong, what would be right and what to do, in that order.
"""

from collections.abc import Sequence
from difflib import get_close_matches

_MOST_NAMED = 20
"""Names that a message lists; who gets hundreds reads none."""


class ConflictKGError(Exception):
    """Anything that conflictkg refuses to do, with the reason."""


class SourceError(ConflictKGError):
    """Source material is not as its converter needs it.

    Args:
        problem: What is wrong, what would be right and what to do.
        source: Name of the source or file.
        line: Line in it, counted from 1.
        record: The record's own identifier, where it has one.
    """

    def __init__(
        self, problem: str, *, source: str = "", line: int | None = None, record: str = ""
    ) -> None:
        self.problem, self.source, self.line, self.record = problem, source, line, record
        where = source + (f" line {line}" if line is not None else "")
        if record:
            where = f"{where} record {record}".strip()
        super().__init__(f"{where}: {problem}" if where else problem)


class MissingFieldError(SourceError):
    """A field that the converter needs is not there."""


class UnexpectedFieldError(SourceError):
    """A field is neither converted nor ignored by name."""


class UnmappedValueError(SourceError):
    """A code or spelling has no mapping."""


class InvalidValueError(SourceError):
    """A value cannot be read as what it should be."""


class RdfSyntaxError(ConflictKGError):
    """An RDF file cannot be parsed.

    Args:
        path: The file.
        line: Line of the error, counted from 1; 0 where the parser names none.
        column: Column of the error, counted from 1; 0 where the parser names none.
        problem: The parser's words.
    """

    def __init__(self, path: str, line: int, column: int, problem: str) -> None:
        self.path, self.line, self.column, self.problem = path, line, column, problem
        where = f"{path} line {line} column {column}" if line else path
        super().__init__(f"{where}: {problem}")


class OntologyError(ConflictKGError):
    """The ontology, or a use of it, is at fault."""


class UnknownTermError(OntologyError):
    """A term is used that the ontology does not declare."""


class InconsistentError(OntologyError):
    """The graph contradicts itself under the ontology.

    Args:
        contradictions: One text each, with the triples that cause it.
    """

    def __init__(self, contradictions: Sequence[str]) -> None:
        self.contradictions = tuple(contradictions)
        count = len(self.contradictions)
        noun = "contradiction" if count == 1 else "contradictions"
        super().__init__(f"{count} {noun} in the graph:\n" + "\n".join(self.contradictions))


class InvalidGraphError(ConflictKGError):
    """A graph does not meet the shapes.

    Args:
        findings: The violations, one text each.
    """

    def __init__(self, findings: Sequence[str]) -> None:
        self.findings = tuple(findings)
        count = len(self.findings)
        noun = "violation" if count == 1 else "violations"
        super().__init__(f"{count} {noun} of the shapes:\n" + "\n".join(self.findings))


class QueryError(ConflictKGError):
    """A query cannot be answered."""


class QuerySyntaxError(QueryError):
    """A query cannot be parsed.

    Args:
        problem: What the parser stumbled over.
        line: Line in the query, counted from 1; 0 where it is not known.
        column: Column in the line, counted from 1; 0 where it is not known.
        offset: Character of the query, counted from 0; ``None`` where it is not known.
        end: Character behind the last one that is to blame; the offset itself where none stands there.
        token: What stands there, as far as it is to blame; may be empty.
        hint: What to do about it; becomes the end of the problem.

    >>> str(QuerySyntaxError("prefix x: is not declared.", 1, 8, hint="Add it."))
    'query line 1 column 8: prefix x: is not declared. Add it.'
    """

    def __init__(
        self,
        problem: str,
        line: int = 0,
        column: int = 0,
        *,
        offset: int | None = None,
        end: int | None = None,
        token: str = "",
        hint: str = "",
    ) -> None:
        problem = f"{problem} {hint}" if hint else problem
        self.problem, self.line, self.column = problem, line, column
        self.offset, self.token, self.hint = offset, token, hint
        self.end = offset if end is None else end
        where = f"line {line} column {column}: " if line else ""
        super().__init__(f"query {where}{problem}")


class QueryTooComplexError(QuerySyntaxError):
    """A query has more of something than is read, however right it may be.

    Args:
        problem: What there is too much of, and what to do.
        limit: Of what, for programs: ``nesting``, ``operators``, ``depth``, ``bytes``.
        most: How much may be.
        line: As for the class above, and so the rest.
        column: Column in the line.
        offset: Character of the query.
    """

    def __init__(
        self,
        problem: str,
        limit: str,
        most: int,
        line: int = 0,
        column: int = 0,
        *,
        offset: int | None = None,
    ) -> None:
        self.limit, self.most = limit, most
        super().__init__(problem, line, column, offset=offset)


class QueryTimeoutError(QueryError):
    """A query was stopped at its deadline."""

    def __init__(self, deadline_s: float) -> None:
        self.deadline_s = deadline_s
        super().__init__(
            f"the query was stopped after {deadline_s:g} s, its deadline. "
            "Ask for less (LIMIT, fewer joins) or raise CONFLICTKG_QUERY_TIMEOUT_S on your own server."
        )


class QueryMemoryError(QueryError):
    """A query needs more memory, or more room for temporary files, than it may have.

    Args:
        limit: What it reached, as a sentence goes on after "the query was stopped:".
    """

    def __init__(self, limit: str) -> None:
        self.limit = limit
        super().__init__(
            f"the query was stopped: {limit}. Ask for less: LIMIT, fewer joins, less to sort or to "
            "group. Other queries are not affected."
        )


class QueryCancelledError(QueryError):
    """A query was stopped because somebody wanted no more of it.

    Args:
        by: Who: "its client, who left", "the operator".
    """

    def __init__(self, by: str) -> None:
        self.by = by
        super().__init__(f"the query was stopped by {by}.")


class IncompleteAnswerError(QueryError):
    """There is more to an answer than came.

    Args:
        rows: How many rows or triples came.
        reason: Why no more did; empty where a limit on rows was reached.

    >>> str(IncompleteAnswerError(3, "the connection was cut"))[:64]
    'the answer is not whole: it was cut off after 3 rows, since the '
    """

    def __init__(self, rows: int, reason: str = "") -> None:
        self.rows, self.reason = rows, reason
        why = f", since {reason}" if reason else ", a limit on rows"
        super().__init__(
            f"the answer is not whole: it was cut off after {rows:,} rows{why}. Ask for less, say how many you want "
            "with limit=, or take what came with allow_partial=True."
        )


class UnwritableError(QueryError):
    """An answer holds what the format that was asked for cannot; another format can."""


class NotPermittedError(QueryError):
    """A query asks for what the endpoint never does."""

    def __init__(self, construct: str, reason: str) -> None:
        self.construct, self.reason = construct, reason
        super().__init__(f"{construct} is not permitted here: {reason}")


class UnknownGraphError(NotPermittedError):
    """A query reads from a graph that the store does not hold.

    Args:
        iri: The graph.
        line: Line of the query that names it, counted from 1; 0 where it is not the query that does.
        column: Column in the line.
        known: The graphs that there are.

    >>> UnknownGraphError("http://e/strike", 2, 6, ["http://e/strikes"]).hint
    'Did you mean <http://e/strikes>?'
    """

    def __init__(self, iri: str, line: int, column: int, known: Sequence[str]) -> None:
        self.iri, self.line, self.column = iri, line, column
        close = get_close_matches(iri, list(known), n=1, cutoff=0.8)
        self.hint = f"Did you mean <{close[0]}>?" if close else ""
        shown = ", ".join(f"<{each}>" for each in sorted(known)[:_MOST_NAMED])
        if len(known) > _MOST_NAMED:
            shown += f" and {len(known) - _MOST_NAMED:,} more"
        where = f" (line {line})" if line else ""
        super().__init__(
            f"graph <{iri}>{where}",
            "the store does not hold it, and nothing is fetched. "
            + (self.hint or f"It holds {shown or 'no graph'}."),
        )


class EndpointRefusedError(NotPermittedError):
    """A query asks an endpoint that is not on the operator's list, or in a way that cannot be followed.

    Args:
        construct: SERVICE, whom it names and its line.
        known: The endpoints that may be asked.
        reason: What is in the way, and what to do; by default that it is not listed.

    >>> print(EndpointRefusedError("SERVICE <http://e/sparq>", ["http://e/sparql"]))
    SERVICE <http://e/sparq> is not permitted here: it is not on this server's list. It lists <http://e/sparql>.
    """

    def __init__(self, construct: str, known: Sequence[str], reason: str = "") -> None:
        self.known = tuple(known)
        shown = ", ".join(f"<{each}>" for each in self.known[:_MOST_NAMED]) or "none"
        reason = reason or f"it is not on this server's list. It lists {shown}."
        super().__init__(construct, reason)


class FederationError(QueryError):
    """An endpoint that a query asks with SERVICE cannot be asked, or does not answer as it should.

    Args:
        endpoint: Its IRI.
        reason: ``failed``, ``timeout``; ``refused`` (its address), ``too-much``, ``busy``: those three are bounds
            of ours, which SILENT does not hide.
        problem: What is wrong and what to do, as a sentence goes on after the endpoint.
        line: Line of SERVICE in the query, counted from 1; 0 where it is not known.

    >>> str(FederationError("http://e/sparql", "failed", "it answered with status 500.", 3))
    'SERVICE <http://e/sparql> (line 3): it answered with status 500.'
    """

    def __init__(self, endpoint: str, reason: str, problem: str, line: int = 0) -> None:
        self.endpoint, self.reason, self.problem, self.line = endpoint, reason, problem, line
        where = f" (line {line})" if line else ""
        super().__init__(f"SERVICE <{endpoint}>{where}: {problem}")

    @property
    def is_failure(self) -> bool:
        """Whether it is one of the other side, which SILENT makes an empty solution."""
        return self.reason in {"failed", "timeout"}

    def at(self, line: int) -> "FederationError":
        """The same with its place."""
        return FederationError(self.endpoint, self.reason, self.problem, line)


class GraphExistsError(QueryError):
    """An update creates a graph that is there already."""


class MissingGraphError(QueryError):
    """An update does something to a graph that is not there."""


class AmbiguousDatasetError(QueryError):
    """An update and the request that it came with both say what it works on."""


class StoreError(ConflictKGError):
    """A store cannot be built, opened or read."""


class StoreMissingError(StoreError):
    """There is no store where one was expected."""


class StoreBusyError(StoreError):
    """Another process holds the store."""


class StoreChangedError(StoreError):
    """A store is no longer what somebody thinks it is."""

    def __init__(self, expected: str, found: str) -> None:
        self.expected, self.found = expected, found
        super().__init__(
            f"the store is of release {found}, not {expected} any more: somebody has changed it. "
            "Read it again, then make your change to what it is now."
        )


class UndoError(StoreError):
    """An edit cannot be taken back.

    Args:
        number: The edit's number in the journal.
        reason: What stands in the way.
    """

    def __init__(self, number: int, reason: str) -> None:
        self.number, self.reason = number, reason
        super().__init__(
            f"edit {number} cannot be undone: {reason}. Undo the later edits first, or make the change by hand."
        )


class RefusedDataError(ConflictKGError):
    """Data that somebody sends are not read, though they may be well-formed.

    Args:
        kind: What they have: ``xml-entities``, ``remote-context``, ``named-graphs``, ``rdf-1-2``, ``nesting``,
            ``too-large``, ``change-too-large``, ``too-long``, ``unreadable``.
        problem: The rest of the sentence, and what to do.
    """

    def __init__(self, kind: str, problem: str) -> None:
        self.kind, self.problem = kind, problem
        super().__init__(f"the data are not read: {problem}")


class ParameterError(ConflictKGError):
    """A question is given a value that it has no use for."""

    def __init__(self, name: str, problem: str) -> None:
        self.name, self.problem = name, problem
        super().__init__(f'parameter "{name}": {problem}')


class RemoteError(ConflictKGError):
    """An endpoint refuses a request, cannot be reached, or answers with what is no answer.

    Args:
        endpoint: Its address.
        problem: What is wrong, as a sentence goes on after the address.
        status: Of its answer; 0 where there was none.
        slug: The kind of problem, as ``/problems`` names it; empty where it told none.
        retry_after_s: When to ask again, where it said so.
    """

    def __init__(
        self,
        endpoint: str,
        problem: str,
        status: int = 0,
        slug: str = "",
        retry_after_s: float | None = None,
    ) -> None:
        self.endpoint, self.problem = endpoint, problem
        self.status, self.slug, self.retry_after_s = status, slug, retry_after_s
        super().__init__(f"{endpoint}: {problem}")


class AccessError(ConflictKGError):
    """Tokens cannot be read or made as asked."""


class NotFoundError(ConflictKGError):
    """A named thing does not exist.

    Args:
        kind: What was looked for: "query", "source", "thing".
        name: The name that was given.
        known: The names that exist, for a suggestion.

    >>> str(NotFoundError("query", "succesion", ["succession", "leaders"]))
    'no query is named "succesion". Did you mean "succession"?'
    """

    def __init__(self, kind: str, name: str, known: Sequence[str] = ()) -> None:
        self.kind, self.name = kind, name
        close = get_close_matches(name, list(known), n=1)
        if close:
            hint = f' Did you mean "{close[0]}"?'
        elif known:
            hint = " Known: " + ", ".join(sorted(known)) + "."
        else:
            hint = ""
        super().__init__(f'no {kind} is named "{name}".{hint}')


class NotAcceptableError(ConflictKGError):
    """None of the media types that were asked for can be written."""

    def __init__(self, accept: str, offered: Sequence[str]) -> None:
        self.accept, self.offered = accept, tuple(offered)
        super().__init__(f"cannot answer as {accept}. Offered: " + ", ".join(self.offered))


class ConfigError(ConflictKGError):
    """A setting has a value that cannot be used."""

    def __init__(self, setting: str, problem: str) -> None:
        self.setting = setting
        super().__init__(f"setting {setting}: {problem}")
