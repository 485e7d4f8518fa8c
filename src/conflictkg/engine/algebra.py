"""The algebra that a SPARQL text becomes: what is asked, free of how it was written.

Follows section 18.2 of SPARQL 1.1 Query. Blank nodes of a pattern are variables whose names begin
with ``_:``; they cannot be projected. Terms are those of :mod:`conflictkg.answers`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from conflictkg.answers import Blank, Iri, Literal


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in the query text, both counted from 1, columns in characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Var:
    """A variable, its name without the question mark; of a blank node, its label with ``_:``."""

    name: str


Node = Var | Iri | Literal
"""What can stand in a pattern."""


# Paths


@dataclass(frozen=True, slots=True)
class Link:
    """One predicate."""

    iri: Iri


@dataclass(frozen=True, slots=True)
class Inverse:
    """``^path``."""

    path: "Path"


@dataclass(frozen=True, slots=True)
class Sequence:
    """``first/second``."""

    first: "Path"
    second: "Path"


@dataclass(frozen=True, slots=True)
class Alternative:
    """``path|path``, two or more."""

    paths: tuple["Path", ...]


@dataclass(frozen=True, slots=True)
class ZeroOrMore:
    """``path*``."""

    path: "Path"


@dataclass(frozen=True, slots=True)
class OneOrMore:
    """``path+``."""

    path: "Path"


@dataclass(frozen=True, slots=True)
class ZeroOrOne:
    """``path?``."""

    path: "Path"


@dataclass(frozen=True, slots=True)
class Negated:
    """``!(p|^q)``: any predicate but these, forward and backward.

    A direction that is not written is not taken: ``!p`` goes forward only, ``!^p`` backward only.
    """

    forward: tuple[Iri, ...] | None
    backward: tuple[Iri, ...] | None


Path = Link | Inverse | Sequence | Alternative | ZeroOrMore | OneOrMore | ZeroOrOne | Negated


# Expressions


@dataclass(frozen=True, slots=True)
class Call:
    """A built-in function or an operator.

    Args:
        name: In capitals as the grammar has it (``"STRLEN"``, ``"IF"``, ``"COALESCE"``, ``"BOUND"``),
            or an operator: ``|| && ! = != < > <= >= + - * /``, ``NEG`` and ``POS`` for the signs,
            ``IN`` and ``NOT IN`` with the tested value first.
        arguments: In the order of the text.
        place: Where it begins.
    """

    name: str
    arguments: tuple["Expression", ...]
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A function named by IRI: a cast, GeoSPARQL, our own."""

    iri: Iri
    arguments: tuple["Expression", ...]
    distinct: bool = False
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Exists:
    """``EXISTS`` and ``NOT EXISTS``."""

    pattern: "Pattern"
    negated: bool = False
    place: Place | None = field(default=None, compare=False)


Expression = Var | Iri | Literal | Call | FunctionCall | Exists


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One aggregate.

    Args:
        name: ``COUNT``, ``SUM``, ``MIN``, ``MAX``, ``AVG``, ``SAMPLE`` or ``GROUP_CONCAT``.
        expression: What is aggregated; ``None`` for ``COUNT(*)``.
        distinct: Whether equal values count once.
        separator: Of ``GROUP_CONCAT``.
    """

    name: str
    expression: Expression | None
    distinct: bool = False
    separator: str = " "
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class OrderKey:
    """One key of ``ORDER BY``."""

    expression: Expression
    descending: bool = False


# Patterns


@dataclass(frozen=True, slots=True)
class TriplePattern:
    """A triple with variables in it."""

    subject: Node
    predicate: Var | Iri
    object: Node
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class PathPattern:
    """Two nodes and a path between them that is more than one predicate."""

    subject: Node
    path: Path
    object: Node
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Bgp:
    """A basic graph pattern; without triples it has one solution that binds nothing.

    Sequences and inverses at the top of a path are already triples of their own, joined by fresh
    variables (section 18.2.2.4).
    """

    triples: tuple[TriplePattern | PathPattern, ...] = ()


@dataclass(frozen=True, slots=True)
class Join:
    """Both."""

    left: "Pattern"
    right: "Pattern"


@dataclass(frozen=True, slots=True)
class LeftJoin:
    """``OPTIONAL``; the filters of its group are its condition, and see both sides."""

    left: "Pattern"
    right: "Pattern"
    condition: Expression | None = None


@dataclass(frozen=True, slots=True)
class Union:
    """Any of two or more."""

    branches: tuple["Pattern", ...]


@dataclass(frozen=True, slots=True)
class Minus:
    """``MINUS``."""

    left: "Pattern"
    right: "Pattern"


@dataclass(frozen=True, slots=True)
class Filter:
    """Those for which the condition's effective boolean value is true."""

    pattern: "Pattern"
    condition: Expression


@dataclass(frozen=True, slots=True)
class Graph:
    """``GRAPH name { … }``."""

    name: Var | Iri
    pattern: "Pattern"


@dataclass(frozen=True, slots=True)
class Extend:
    """``BIND (expression AS ?variable)``, also of SELECT and GROUP BY; an error leaves it unbound."""

    pattern: "Pattern"
    variable: Var
    expression: Expression


@dataclass(frozen=True, slots=True)
class Values:
    """``VALUES``; ``None`` is ``UNDEF``.

    In no text, but in the place of SERVICE, there may be blank nodes, whose labels no store has.
    """

    variables: tuple[Var, ...]
    rows: tuple[tuple[Iri | Literal | Blank | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Service:
    """``SERVICE``, as it stands in the text."""

    name: Var | Iri
    pattern: "Pattern"
    silent: bool
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Group:
    """``GROUP BY`` and its aggregates.

    Args:
        pattern: What is grouped.
        keys: Variable and expression of each key; a key without a name has a fresh one.
        aggregates: Fresh variable and aggregate. Expressions of SELECT, HAVING and ORDER BY use these
            variables. Without keys there is one group, also over no solutions.
    """

    pattern: "Pattern"
    keys: tuple[tuple[Var, Expression], ...]
    aggregates: tuple[tuple[Var, Aggregate], ...]


@dataclass(frozen=True, slots=True)
class OrderBy:
    """Sorted in SPARQL's order of terms."""

    pattern: "Pattern"
    keys: tuple[OrderKey, ...]


@dataclass(frozen=True, slots=True)
class Project:
    """Only these variables, in this order; the border of a sub-select's scope."""

    pattern: "Pattern"
    variables: tuple[Var, ...]


@dataclass(frozen=True, slots=True)
class Distinct:
    """Each solution once."""

    pattern: "Pattern"


@dataclass(frozen=True, slots=True)
class Reduced:
    """Each solution at least once, and not more often than it comes."""

    pattern: "Pattern"


@dataclass(frozen=True, slots=True)
class Slice:
    """``OFFSET`` and ``LIMIT``."""

    pattern: "Pattern"
    offset: int = 0
    limit: int | None = None


Pattern = (
    Bgp
    | Join
    | LeftJoin
    | Union
    | Minus
    | Filter
    | Graph
    | Extend
    | Values
    | Service
    | Group
    | OrderBy
    | Project
    | Distinct
    | Reduced
    | Slice
)


# Queries


@dataclass(frozen=True, slots=True)
class Dataset:
    """What ``FROM`` and ``FROM NAMED`` (or ``USING``) say."""

    default: tuple[Iri, ...] = ()
    named: tuple[Iri, ...] = ()


@dataclass(frozen=True, slots=True)
class Prologue:
    """What stands before the query, and where names stand in it, for messages.

    Args:
        base: What relative IRIs were resolved against; may be empty.
        prefixes: Prefix to namespace, as declared.
        places: First place of each variable (``?name``) and IRI (``<iri>``) of the text.
    """

    base: str = ""
    prefixes: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Select:
    """``SELECT``. The outermost modifiers are in the pattern; ``variables`` is what is answered."""

    pattern: Pattern
    variables: tuple[Var, ...]
    dataset: Dataset | None = None
    prologue: Prologue = field(default_factory=Prologue, compare=False)


@dataclass(frozen=True, slots=True)
class Ask:
    """``ASK``."""

    pattern: Pattern
    dataset: Dataset | None = None
    prologue: Prologue = field(default_factory=Prologue, compare=False)


@dataclass(frozen=True, slots=True)
class Construct:
    """``CONSTRUCT``; blank nodes of the template are variables that begin with ``_:``, fresh a solution."""

    template: tuple[TriplePattern, ...]
    pattern: Pattern
    dataset: Dataset | None = None
    prologue: Prologue = field(default_factory=Prologue, compare=False)


@dataclass(frozen=True, slots=True)
class Describe:
    """``DESCRIBE`` of these; ``DESCRIBE *`` names the pattern's variables. Without WHERE an empty Bgp."""

    resources: tuple[Var | Iri, ...]
    pattern: Pattern
    dataset: Dataset | None = None
    prologue: Prologue = field(default_factory=Prologue, compare=False)


Query = Select | Ask | Construct | Describe


# Updates


@dataclass(frozen=True, slots=True)
class QuadPattern:
    """A triple and its graph, ``None`` for the default graph (or that of ``WITH``)."""

    subject: Node
    predicate: Var | Iri
    object: Node
    graph: Var | Iri | None = None


@dataclass(frozen=True, slots=True)
class InsertData:
    """``INSERT DATA``; blank nodes are variables that begin with ``_:``."""

    quads: tuple[QuadPattern, ...]


@dataclass(frozen=True, slots=True)
class DeleteData:
    """``DELETE DATA``."""

    quads: tuple[QuadPattern, ...]


@dataclass(frozen=True, slots=True)
class Modify:
    """``DELETE … INSERT … WHERE`` and ``DELETE WHERE``. ``graph`` is that of ``WITH``."""

    delete: tuple[QuadPattern, ...]
    insert: tuple[QuadPattern, ...]
    pattern: Pattern
    graph: Iri | None = None
    using: Dataset | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """``LOAD``."""

    source: Iri
    target: Iri | None
    silent: bool
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Clear:
    """``CLEAR`` and ``DROP``: ``"DEFAULT"``, ``"NAMED"``, ``"ALL"`` or one graph."""

    target: Iri | str
    silent: bool
    drop: bool


@dataclass(frozen=True, slots=True)
class Create:
    """``CREATE GRAPH``."""

    graph: Iri
    silent: bool


@dataclass(frozen=True, slots=True)
class Transfer:
    """``ADD``, ``MOVE`` and ``COPY`` (``name``); ``None`` is the default graph."""

    name: str
    source: Iri | None
    target: Iri | None
    silent: bool


Operation = InsertData | DeleteData | Modify | Load | Clear | Create | Transfer


@dataclass(frozen=True, slots=True)
class Update:
    """A request: its operations, in order."""

    operations: tuple[Operation, ...]
    prologue: Prologue = field(default_factory=Prologue, compare=False)
