"""The problem types: what can be wrong with a request or its answer, each with its status and what to do about it.

One list, for the answers, for ``/problems`` and for the description of the addresses.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """A problem type.

    Args:
        slug: Its name; the type's address is ``/problems/<slug>``.
        status: HTTP status.
        title: What is wrong, the same for every occurrence.
        advice: What to do about it, for the type's page.
    """

    slug: str
    status: int
    title: str
    advice: str


SYNTAX = Kind(
    "sparql-syntax",
    400,
    "The query cannot be read",
    "Correct the query at the line and column given.",
)
MISSING_QUERY = Kind(
    "missing-query",
    400,
    "There is no query",
    "Send the query as the parameter query=, or as the body of a POST of type "
    "application/sparql-query.",
)
DUPLICATE_PARAMETER = Kind(
    "duplicate-parameter",
    400,
    "A parameter is given twice",
    "Give the parameter named in the detail once, in the address or in the form.",
)
TIMEOUT_TOO_LARGE = Kind(
    "timeout-too-large",
    400,
    "More time is asked for than queries get here",
    "Ask for at most the seconds in maxTimeoutSeconds, or leave timeout= out.",
)
LIMIT_TOO_LARGE = Kind(
    "limit-too-large",
    400,
    "More rows are asked for than answers have here",
    "Ask for at most the rows in maxRows, or leave limit= out.",
)
AMBIGUOUS = Kind(
    "ambiguous-operation",
    400,
    "More than one operation in a request",
    "Send exactly one query= (and no update=) in a request.",
)
BAD_PARAMETER = Kind(
    "bad-parameter",
    400,
    "A parameter has a value that cannot be used",
    "Correct the parameter named in the detail.",
)
TOO_MANY_PARAMETERS = Kind(
    "too-many-parameters",
    400,
    "Too many parameters",
    "Send the query as the body of a POST of type application/sparql-query.",
)
BAD_REQUEST = Kind(
    "bad-request", 400, "The request cannot be read", "Correct the request as the detail says."
)
BAD_ENCODING = Kind(
    "bad-encoding",
    400,
    "The text is not UTF-8",
    "Encode the query as UTF-8; percent-encode it in an address.",
)
NOT_PERMITTED = Kind(
    "not-permitted",
    403,
    "The query asks for what this endpoint never does",
    "Leave out the construct named in the detail, or run the query on a store of your own.",
)
FEDERATION_DISABLED = Kind(
    "federation-disabled",
    403,
    "This endpoint sends no queries to other servers",
    "Leave out SERVICE. Ask the other endpoint yourself and put its answer in with VALUES.",
)
FEDERATION_REFUSED = Kind(
    "federation-refused",
    403,
    "The query asks another endpoint in a way that this server does not",
    "Name one of the endpoints that the description of the service lists, exactly as it stands there; see the detail.",
)
FEDERATION_FAILED = Kind(
    "federation-failed",
    502,
    "An endpoint that the query asks did not answer as it should",
    "Try the part within SERVICE there yourself, or write SERVICE SILENT to do without it.",
)
FEDERATION_TIMEOUT = Kind(
    "federation-timeout",
    504,
    "An endpoint that the query asks did not answer in time",
    "Ask for less within SERVICE, or write SERVICE SILENT to do without it.",
)
FEDERATION_TOO_MUCH = Kind(
    "federation-too-much",
    422,
    "An endpoint that the query asks answered with more than is taken",
    "Ask for less within SERVICE: bind more of its variables before it, or filter within it.",
)
FEDERATION_BUSY = Kind(
    "federation-busy",
    503,
    "Too many queries ask the same endpoint",
    "Ask again in a few seconds.",
)
LOAD_DISABLED = Kind(
    "load-disabled",
    403,
    "This endpoint loads nothing from elsewhere",
    "Leave out LOAD. Build a store of your own with what you want to load.",
)
UPDATES_DISABLED = Kind(
    "updates-disabled",
    403,
    "This endpoint is read-only",
    "Change the files under data/ and build again.",
)
UNKNOWN_GRAPH = Kind(
    "unknown-graph",
    400,
    "The query reads from a graph that is not here",
    "Name one of the graphs that the detail lists, or leave FROM and default-graph-uri out to read "
    "all of them.",
)
NOT_FOUND = Kind(
    "not-found",
    404,
    "There is nothing at this address",
    "Check the address, or start at the home page.",
)
RANGE_NOT_SATISFIABLE = Kind(
    "range-not-satisfiable",
    416,
    "The file has no such part",
    "Ask for a part within the file; Content-Range says how long it is.",
)
METHOD_NOT_ALLOWED = Kind(
    "method-not-allowed",
    405,
    "This address does not answer to that method",
    "Use one of the methods that the Allow header lists.",
)
NOT_ACCEPTABLE = Kind(
    "not-acceptable",
    406,
    "None of the media types asked for can be written",
    "Ask for one of the media types listed under offered, or leave Accept out.",
)
TOO_LARGE = Kind(
    "query-too-large",
    413,
    "The request's body is too large",
    "Shorten the query; put long lists of values into several queries.",
)
ADDRESS_TOO_LONG = Kind(
    "address-too-long", 414, "The address is too long", "Send the query by POST."
)
HEADERS_TOO_LARGE = Kind(
    "headers-too-large",
    431,
    "The request's headers are too large",
    "Send fewer or shorter headers.",
)
UNSUPPORTED_MEDIA_TYPE = Kind(
    "unsupported-media-type",
    415,
    "The body is of a media type that is not read here",
    "Send application/sparql-query, or a form as application/x-www-form-urlencoded.",
)
UNSUPPORTED_ENCODING = Kind(
    "unsupported-encoding",
    415,
    "The body is compressed",
    "Send the body without Content-Encoding.",
)
TOO_COMPLEX = Kind(
    "query-too-complex",
    422,
    "The query is too complex",
    "The field limit says of what there is too much, max how much may be. Split the query; put long "
    "lists of values into VALUES or IN.",
)
TOO_MANY_QUERIES = Kind(
    "too-many-queries",
    429,
    "You ask too much at once",
    "Wait as many seconds as Retry-After says. What a client may ask for is in the description of "
    "the service; for more, take the dumps and run a server of your own.",
)
RDF_SYNTAX = Kind(
    "rdf-syntax", 400, "The RDF cannot be read", "Correct it at the line and column given."
)
INVALID_DATA = Kind(
    "invalid-data", 422, "The data does not meet the rules", "Correct what the detail lists."
)
INTERNAL = Kind(
    "internal-error",
    500,
    "Something here is broken",
    "This is our fault, not yours. Report it with the incident number in the field instance.",
)
MISCONFIGURED = Kind(
    "misconfigured",
    500,
    "The server's settings are wrong",
    "Whoever runs the server must mend them.",
)
QUERY_FAILED = Kind(
    "query-failed",
    503,
    "The query could not be answered",
    "Ask for less at once: fewer patterns without shared variables, a LIMIT, shorter paths.",
)
QUERY_TIMEOUT = Kind(
    "query-timeout",
    503,
    "The query was stopped at its deadline",
    "Ask for less (a LIMIT, fewer joins), or run the query on a store of your own, "
    "where the deadline is yours to set.",
)
QUERY_MEMORY = Kind(
    "query-memory",
    503,
    "The query needs more memory than it may have",
    "Ask for less: a LIMIT, fewer joins, less to sort or to group. Asked again as it is, it will fail again.",
)
QUERY_CANCELLED = Kind(
    "query-cancelled",
    503,
    "The query was cancelled",
    "The operator of this server stopped it. Ask for less before you ask again.",
)
STORE_UNAVAILABLE = Kind(
    "store-unavailable", 503, "The store cannot be read", "Try again later; see /health."
)
OVERLOADED = Kind(
    "overloaded", 503, "Too many queries at once", "Try again after the time in Retry-After."
)

PRECONDITION_FAILED = Kind(
    "precondition-failed",
    412,
    "The data has changed since you read it",
    "Read it again, and make your change to what it is now.",
)
CONFLICT = Kind(
    "conflict",
    409,
    "The change cannot be made to the data as it is",
    "See the detail for what stands in the way.",
)

AUTHENTICATION = Kind(
    "authentication-required",
    401,
    "Changing something needs a token",
    "Send the header Authorization: Bearer <token>. Whoever runs the server makes one with "
    "conflictkg token create.",
)
INSUFFICIENT_SCOPE = Kind(
    "insufficient-scope",
    403,
    "The token is not for this",
    "Use a token whose scope covers what you want to do, or ask whoever runs the server for one.",
)
CROSS_SITE = Kind(
    "cross-site-refused",
    403,
    "A page of another site cannot change anything here",
    "Send the request from a program, with a token in the header Authorization.",
)
UPDATE_TIMEOUT = Kind(
    "update-timeout",
    503,
    "The update was stopped at its deadline and changed nothing",
    "Change less at once.",
)
UPDATE_MEMORY = Kind(
    "update-memory",
    503,
    "The update needed more memory than there is for one and changed nothing",
    "Change less at once.",
)
DISK_FULL = Kind(
    "disk-full",
    507,
    "The server has no room for changes",
    "Try again later; whoever runs the server must make room.",
)
INVALID_CHANGE = Kind(
    "invalid-change",
    422,
    "The data would break the shapes",
    "Mend what the findings say and send the change again. Nothing was changed.",
)
MISSING_GRAPH = Kind(
    "missing-graph",
    400,
    "The request names no graph",
    "Add ?graph=<IRI, percent-encoded>, or ?default.",
)
AMBIGUOUS_GRAPH = Kind(
    "ambiguous-graph",
    400,
    "The request names more than one graph",
    "Name one: either ?graph=<IRI> or ?default.",
)
BAD_GRAPH_IRI = Kind(
    "bad-graph-iri",
    400,
    "That is no name for a graph",
    "Give an absolute IRI with the scheme http, https, urn or tag, percent-encoded once.",
)
NO_SUCH_GRAPH = Kind(
    "no-such-graph",
    404,
    "There is no such graph",
    "The service description of /sparql lists the graphs that there are.",
)
GRAPH_EXISTS = Kind(
    "graph-exists",
    409,
    "There is such a graph already",
    "Write SILENT if that is no error for you, or choose another name.",
)
BODY_TOO_LARGE = Kind(
    "body-too-large",
    413,
    "The request's body is too large",
    "Send less at once, or put the file under data/ and build again.",
)
INCOMPLETE_ANSWER = Kind(
    "incomplete-answer",
    422,
    "The answer is too long to be cited",
    "Only what is whole can be cited: ask for less.",
)
NOT_CITABLE = Kind(
    "not-citable",
    422,
    "The answer is another each time",
    "Write the time, the number or what the other endpoint answers into the query itself.",
)
UNPACKED_TOO_LARGE = Kind(
    "decompressed-too-large",
    413,
    "The data are too large when they are unpacked",
    "Send less at once.",
)
VALIDATION_TIMEOUT = Kind(
    "validation-timeout",
    503,
    "The validation was stopped at its deadline",
    "Send less, simplify the shapes, or validate on your own machine.",
)
SHAPES_REFUSED = Kind(
    "shapes-refused",
    422,
    "The shapes hold programs",
    "Leave out queries, scripts and rules, or validate on your own machine.",
)
SHAPES_TOO_DEEP = Kind(
    "shapes-too-deep", 422, "The shapes nest too deep", "Nest them at most 15 deep."
)
BAD_SHAPES = Kind(
    "bad-shapes", 422, "The shapes cannot be applied", "Correct the shape that the detail names."
)
UNSUPPORTED_CHARSET = Kind(
    "unsupported-charset", 415, "The body is not in UTF-8", "Send UTF-8, or name no charset."
)
XML_ENTITIES = Kind(
    "xml-entities-refused",
    422,
    "XML with a document type is not read",
    "Take the DOCTYPE out, and write entities as what they stand for.",
)
NOT_REPRESENTABLE = Kind(
    "not-representable",
    406,
    "The answer holds what this format cannot write",
    "Ask for one of the formats that the detail names.",
)
REMOTE_CONTEXT = Kind(
    "remote-context-refused",
    422,
    "JSON-LD with a context elsewhere is not read",
    "Put the context's own content into the document: nothing is fetched.",
)
RDF_TOO_DEEP = Kind("rdf-too-deep", 422, "The data are nested too deep", "Nest them less deep.")
LITERAL_TOO_LONG = Kind(
    "literal-too-long", 422, "A literal is too long", "Keep long texts elsewhere and link to them."
)
CONTROL_CHARACTER = Kind(
    "control-character",
    422,
    "A literal holds a character that XML cannot write",
    "Take the character out.",
)
NAMED_GRAPHS = Kind(
    "named-graphs-refused",
    422,
    "The data name graphs of their own",
    "Send each graph by itself to its own name.",
)
RDF_1_2 = Kind(
    "rdf-1-2-refused",
    422,
    "The data hold what only RDF 1.2 has",
    "Write statements about statements as things with their own IRI, and leave directions of text out.",
)
CHANGE_TOO_LARGE = Kind(
    "change-too-large",
    413,
    "The change touches more than can be validated at once",
    "Send it in parts, or put it under data/ and build again.",
)
REFUSED_DATA = Kind(
    "data-refused", 422, "The data are not read", "See the detail for what is in the way."
)
NO_ACCESS_FILE = Kind(
    "access-unavailable",
    503,
    "Tokens cannot be checked",
    "Whoever runs the server must mend its file of tokens.",
)

KINDS: Mapping[str, Kind] = {
    each.slug: each for each in tuple(globals().values()) if isinstance(each, Kind)
}
"""Every problem type that this server answers with, by slug."""
