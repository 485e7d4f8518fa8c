"""Whole addresses of what is served: under the public address that is set, else as each client reached the server."""

from flask import request

from conflictkg.web.site import current_site


def address_of(path: str) -> str:
    """The whole address of something here: where ``base_iri`` says that the server is, or as it was reached."""
    root = current_site().settings.base_iri or request.host_url
    return root.rstrip("/") + path


def address_asked() -> str:
    """The whole address of the current request without its parameters, as the client wrote it.

    Percent-encoding stays as it was sent: ``%2F`` and ``/``, ``%31`` and ``1`` are different IRIs.
    """
    sent = str(request.environ.get("REQUEST_URI", ""))
    if not sent.isascii() or not sent:
        return address_of(request.path)
    if not sent.startswith("/"):  # the form that proxies use has the whole address
        sent = "/" + sent.partition("://")[2].partition("/")[2]
    return address_of(sent.partition("?")[0].partition("#")[0])
