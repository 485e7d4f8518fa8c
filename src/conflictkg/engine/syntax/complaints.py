"""Says in plain words why a text is not SPARQL: what was found, what was expected, what to do."""

from difflib import get_close_matches

from conflictkg.engine.syntax.functions import AGGREGATES, FUNCTIONS
from conflictkg.engine.syntax.grammar import Grammar
from conflictkg.engine.syntax.lexer import MAX_SHOWN, Lexer, Source, Token
from conflictkg.errors import NotPermittedError, QueryError

_QUERIES = frozenset({"SELECT", "CONSTRUCT", "DESCRIBE", "ASK"})
_UPDATES = frozenset(
    {"ADD", "CLEAR", "COPY", "CREATE", "DELETE", "DROP", "INSERT", "LOAD", "MOVE", "WITH"}
)
_IRIS = frozenset({"IRIREF", "PNAME", "PNAME_NS"})
_LITERALS = frozenset({"STRING", "INTEGER", "DECIMAL", "DOUBLE", "SIGNED", "BOOLEAN"})
_CALLS = frozenset({"FUNCTION", "BOUND", "EXISTS", "NOT", "COUNT", "AGGREGATE", "GROUP_CONCAT"})
_OPERATORS = frozenset({"OR", "AND", "IN", "NOT", "SIGNED"}) | {
    *("EQUAL", "NOT_EQUAL", "LESSTHAN", "MORETHAN", "AT_MOST", "AT_LEAST"),
    *("PLUS", "SUBTRACT", "STAR", "SLASH"),
}
_PATTERNS = frozenset({"OPTIONAL", "MINUS", "GRAPH", "SERVICE", "FILTER", "BIND", "VALUES"})
_SIGNS = frozenset({"PLUS", "SUBTRACT", "BANG"})

# What stands for a set of tokens: those that must all be possible, the words, and those that need not be
# named besides. In this order; what one has named is not named again.
_WORDING: tuple[tuple[frozenset[str], str, frozenset[str]], ...] = (
    (
        _IRIS | _LITERALS | {"FUNCTION", "VAR", "BANG"},
        "an expression",
        _IRIS | _LITERALS | _CALLS | _SIGNS | {"VAR", "LPAR"},
    ),
    (
        _PATTERNS - {"VALUES"},
        "a pattern",
        _PATTERNS | _IRIS | _LITERALS | {"LBRACE", "VAR", "BLANK", "LSQB", "LPAR"},
    ),
    (_IRIS | _LITERALS | {"BLANK"}, "a term", _IRIS | _LITERALS | {"BLANK", "LSQB", "LPAR"}),
    (_IRIS | _LITERALS | {"UNDEF"}, "a value or UNDEF", _IRIS | _LITERALS | {"UNDEF"}),
    (
        _IRIS | {"A", "CIRCUMFLEX"},
        "a predicate",
        _IRIS | {"A", "VAR", "CIRCUMFLEX", "BANG", "LPAR"},
    ),
    (_IRIS | {"A"}, "a predicate", _IRIS | {"A", "VAR"}),
    (frozenset({"FUNCTION"}), "a function", _CALLS | _IRIS),
    (frozenset({"OR", "AND"}), "an operator", _OPERATORS),
    (frozenset({"STAR", "PLUS", "QMARK"}), "", frozenset({"STAR", "PLUS", "QMARK"})),
    (_IRIS, "an IRI", _IRIS),
    (frozenset({"PNAME_NS"}), "a prefix such as ex:", frozenset({"PNAME_NS"})),
    (frozenset({"IRIREF"}), "an IRI in <…>", frozenset({"IRIREF"})),
    (frozenset({"VAR"}), "a variable", frozenset({"VAR"})),
    (frozenset({"STRING"}), "a string", frozenset({"STRING"})),
    (frozenset({"INTEGER"}), "a whole number", frozenset({"INTEGER"})),
    (frozenset({"$END"}), "the end", frozenset({"$END"})),
    (frozenset({"LANGTAG", "DATATYPE_MARK"}), "", frozenset({"LANGTAG", "DATATYPE_MARK"})),
)
_CLOSERS = {"(": ")", "{": "}", "[": "]"}
_MAX_NAMED = 8


def explain(
    grammar: Grammar, lexer: Lexer, start: str, stack: list[int], kind: str, token: Token
) -> QueryError:
    """The error of a token that cannot stand where it does.

    Args:
        grammar: The tables.
        lexer: With the brackets that are open at the token.
        start: What was to be read: ``query_unit`` or ``update_unit``.
        stack: The states of the parser.
        kind: The kind of the token.
        token: It.
    """
    expected = grammar.acceptable(stack)
    complaint = _Complaint(grammar, lexer, expected, kind, token)
    if "SELECT" in expected and start == "query_unit" and "DESCRIBE" in expected:
        return complaint.about_no_query()
    if "CLEAR" in expected and kind in _QUERIES:
        return complaint.error(
            f"{token[0].upper()} begins a query, and an update was asked for.",
            "Run it as a query.",
        )
    return complaint.about_token()


class _Complaint:
    def __init__(
        self, grammar: Grammar, lexer: Lexer, expected: frozenset[str], kind: str, token: Token
    ) -> None:
        self._grammar, self._lexer, self._expected = grammar, lexer, expected
        self._kind, (self._text, self._offset) = kind, token

    @property
    def _source(self) -> Source:
        return self._lexer.source

    def error(self, problem: str, hint: str = "") -> QueryError:
        return self._source.error(problem, self._offset, self._text, hint)

    def about_no_query(self) -> QueryError:
        """The error of a text that does not come to its SELECT."""
        if self._kind in _UPDATES:
            line, _ = self._source.locate(self._offset)
            return NotPermittedError(
                f"{self._text.upper()} (line {line})",
                "a query only reads, and this is an update. Run it as one, on a store that may be edited.",
            )
        if not self._source.text.strip():
            self._offset = 0
            return self.error(
                "the query is empty. Write one, such as SELECT * { ?s ?p ?o } LIMIT 10."
            )
        close = get_close_matches(
            self._text[:MAX_SHOWN].upper(), sorted(_QUERIES | {"PREFIX", "BASE"}), n=1
        )
        hint = f'Did you mean "{close[0]}"?' if close and self._kind == "WORD" else ""
        return self.error("no SELECT, ASK, CONSTRUCT or DESCRIBE before this.", hint)

    def about_token(self) -> QueryError:
        """What was expected and what was found."""
        opened = self._lexer.open[-1] if self._lexer.open else None
        if self._kind == "LESSTHAN" and "IRIREF" in self._expected:
            column = self._source.locate(self._offset)[1]
            return self.error(
                f"the IRI that begins at column {column} holds a space or another character that IRIs "
                "cannot hold, or is not closed."
            )
        if self._kind == "WORD":
            return self.error(f'"{self._text}" is no word of SPARQL.', self._word_hint())
        if self._kind in {"RBRACE", "RPAR", "RSQB"} and not opened and not self._was_closed():
            return self.error(f"this {self._text!r} closes nothing: none is open here.")
        found = f"found {self._text!r}" if self._text else "the text ends here"
        problem = f"expected {self._wording()}, {found}."
        if opened and self._is_unclosed(opened):
            mark, offset = opened
            line, column = self._source.locate(offset)
            hint = f"The {mark!r} of line {line} column {column} is not closed: a {_CLOSERS[mark]!r} is missing."
        else:
            hint = self._hint()
        return self.error(problem, hint)

    def _was_closed(self) -> bool:
        """Whether the bracket closes one; it is not among the open ones any more."""
        return self._lexer.closed_by == self._offset

    def _is_unclosed(self, opened: Token) -> bool:
        if self._kind == "$END":
            return True
        return (
            self._kind in {"RBRACE", "RPAR", "RSQB"}
            and not self._was_closed()
            and _CLOSERS[opened[0]] != self._text
        )

    def _wording(self) -> str:
        left = set(self._expected)
        named: list[str] = []
        for needed, words, covered in _WORDING:
            if needed <= left:
                named += [words] if words and words not in named else []
                if words in {"a term", "a value or UNDEF"} and "VAR" in left:
                    named.append("a variable")
                    left.discard("VAR")
                left -= covered
        marks = {name: text for text, name in self._grammar.words.items()}
        texts = [marks.get(name, name) for name in sorted(left - _LITERALS - {"LANGTAG", "BLANK"})]
        named += [text for text in texts if text[0].isalpha()]
        named += [f"'{text}'" for text in texts if not text[0].isalpha()]
        if len(named) > _MAX_NAMED:
            closing = [each for each in named if each[1] in ")}]."]
            named = [each for each in named if each not in closing]
            named = [*named[: _MAX_NAMED - len(closing)], *closing]
        if len(named) < 2:
            return "".join(named) or "nothing more"
        return f"{', '.join(named[:-1])} or {named[-1]}"

    # Hints

    def _word_hint(self) -> str:
        upper = self._text[:MAX_SHOWN].upper()
        if upper in {"AND", "OR"} and "OR" in self._expected:
            return f"Write {'&&' if upper == 'AND' else '||'}."
        words = {word for word, name in self._grammar.words.items() if name in self._expected}
        if "FUNCTION" in self._expected:
            words |= set(FUNCTIONS)
        if "AGGREGATE" in self._expected:
            words |= AGGREGATES
        others = {word for word in self._grammar.words if word[0].isalpha()} | set(FUNCTIONS)
        for known, cutoff in ((words, 0.6), (others, 0.75)):
            close = get_close_matches(upper, sorted(known), n=1, cutoff=cutoff)
            if close:
                return f'Did you mean "{close[0]}"?'
        if self._source.text[self._offset - 1] in "\"'":
            return "A quotation mark inside a string has a backslash before it."
        if "VAR" in self._expected and "IRIREF" in self._expected:
            return f"A name is <an IRI>, prefix:{self._text} or a variable: ?{self._text}"
        if "IRIREF" in self._expected:
            return f"A name is <an IRI> or prefix:{self._text}"
        if "VAR" in self._expected:
            return f"A variable begins with a question mark: ?{self._text}"
        return ""

    def _hint(self) -> str:
        expected, kind, text = self._expected, self._kind, self._text
        before = self._source.text[: self._offset].rstrip()[-1:]
        if kind == "EQUAL" and before == "=":
            return "Equality is one =, not two."
        if kind == "MORETHAN" and before in {"=", "<"}:
            return "At least is >=, unequal is !=."
        if kind == "IRIREF" and "LESSTHAN" in expected:
            if text == "<>":
                return "Unequal is !=."
            return f"{text} was read as an IRI. Put a space behind the <."
        if expected <= {"IN", "EXISTS"}:
            return "Not is !, except before IN and EXISTS."
        if "AS" in expected:
            return "An expression needs a name: (expression AS ?name)"
        if expected >= {"LPAR", "VAR", "WHERE"} or expected >= {"LPAR", "VAR", "STAR"}:
            if kind == "COMMA":
                return "What is selected is separated by spaces."
            if kind in _CALLS:
                return "An expression needs brackets and a name: (expression AS ?name)"
        if expected >= {"LPAR", "FUNCTION"} and "VAR" not in expected:
            return "A condition stands in brackets, such as FILTER (?x > 1)."
        if kind in {"GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET"}:
            return "The order is GROUP BY, HAVING, ORDER BY, LIMIT and OFFSET, behind the last }."
        if (
            "DOT" in expected
            and "SEMICOLON" in expected
            and kind in _IRIS | _LITERALS | {"VAR", "BLANK"}
        ):
            return "Is a '.' missing between two triples?"
        if "SEMICOLON" in expected and kind in _UPDATES:
            return "Operations are separated by ';'."
        return ""
