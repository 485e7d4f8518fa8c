"""Who asks to change something: bearer tokens in the header Authorization, and nothing else.

No cookie, parameter or form field is ever authority, so no other site can have a browser change anything
here, and no address that ends in a log gives anything away.
"""

from urllib.parse import parse_qsl

from flask import Request

from conflictkg.access import Caller, Tokens
from conflictkg.config import Settings
from conflictkg.web import kinds
from conflictkg.web.problems import RequestError

_REALM = {"WWW-Authenticate": 'Bearer realm="conflictkg"'}
_IN_ADDRESS = {"access_token", "token", "api_key", "apikey"}


def tokens_of(settings: Settings) -> Tokens:
    """The tokens of a server: the file that is set, else the one beside the store."""
    return Tokens(settings.tokens_file)


def find_caller(request: Request, tokens: Tokens) -> Caller | None:
    """Whose token a request carries; none where it carries no token at all.

    Raises:
        RequestError: There is a token, and it is not good.
    """
    header = request.headers.get("Authorization", "")
    scheme, _, token = header.strip().partition(" ")
    if not header or (scheme.lower() != "bearer"):
        return None
    caller = tokens.find(token.strip()) if token.strip() else None
    if caller is None:
        raise _unknown(
            "the token is unknown, revoked or over. Ask whoever runs the server for one."
        )
    return caller


def require_caller(request: Request, tokens: Tokens) -> Caller:
    """Whose token a request carries.

    Raises:
        RequestError: It carries none, or none that is good, or comes from a page of another site.
    """
    caller = find_caller(request, tokens)
    if caller is not None:
        return caller
    if _is_from_elsewhere(request):
        raise RequestError(
            kinds.CROSS_SITE,
            "the request comes from a page of another site, and carries no token. Nothing but a token "
            "in the header Authorization lets anybody change anything here.",
        )
    names = {name.lower() for name, _ in parse_qsl(request.query_string.decode("latin-1"))}
    hint = ""
    if names & _IN_ADDRESS:
        hint = " A token in the address is not read, because addresses end in logs: revoke it."
    raise _unknown(f"the request carries no token. Send Authorization: Bearer <token>.{hint}")


def require_own_site(request: Request) -> None:
    """Refuse what a page of another site has a browser send.

    Raises:
        RequestError: It comes from such a page.
    """
    if _is_from_elsewhere(request):
        raise RequestError(
            kinds.CROSS_SITE,
            "the request comes from a page of another site. Send it from a program, or from a page of this one.",
        )


def _unknown(detail: str) -> RequestError:
    return RequestError(kinds.AUTHENTICATION, detail, _REALM)


def _is_from_elsewhere(request: Request) -> bool:
    if request.headers.get("Sec-Fetch-Site", "").strip().lower() == "cross-site":
        return True
    origin = request.headers.get("Origin", "").strip()
    # "null" is a file on somebody's disk or a sandboxed frame: it has no token, like the others.
    return origin not in {"", "null"} and origin.partition("://")[2] != request.host


def out_of_scope(caller: Caller, graphs: list[str]) -> RequestError:
    """The refusal of a change to graphs that a token is not for."""
    names = ", ".join(f"<{each}>" if each else "the unnamed default graph" for each in graphs[:5])
    more = f" and {len(graphs) - 5} more" if len(graphs) > 5 else ""
    return RequestError(
        kinds.INSUFFICIENT_SCOPE,
        f'the token "{caller.name}" may not change {names}{more}. Its scopes: '
        f"{', '.join(sorted(caller.scopes))}.",
    )
