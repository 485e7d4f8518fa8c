"""The tools over HTTP, for clients that do not start the server themselves."""

import socket
from collections.abc import Callable, Sequence
from typing import Any

import uvicorn
from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings

PATH = "/mcp"
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_STOP_S = 5
_MOST_BODY = 1_048_576


def serve_http(
    server: MCPServer[Any],
    listening: Sequence[socket.socket],
    *,
    names: Sequence[str] = (),
    announce: Callable[[], None] = lambda: None,
) -> None:
    """Serve until SIGTERM or Control+C.

    Args:
        server: The tools.
        listening: Sockets that listen.
        names: Hosts by which clients come, beside those of loopback. A request that names another is refused:
            else a page in somebody's browser could ask through a name of its own that leads here.
        announce: Called when requests are about to be answered.
    """
    hosts = [f"{each}:*" for each in _LOOPBACK] + list(names) + [f"{each}:*" for each in names]
    origins = [f"{scheme}://{each}" for scheme in ("http", "https") for each in hosts]
    app = server.streamable_http_app(
        streamable_http_path=PATH,
        # Each request stands for itself: nothing of a client is kept here.
        stateless_http=True,
        json_response=True,
        max_request_body_size=_MOST_BODY,
        transport_security=TransportSecuritySettings(allowed_hosts=hosts, allowed_origins=origins),
    )
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, timeout_graceful_shutdown=_STOP_S
    )
    announce()
    uvicorn.Server(config).run(sockets=list(listening))
