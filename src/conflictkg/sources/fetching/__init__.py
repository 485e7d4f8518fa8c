"""Fetching releases over HTTP: whole or not at all, resumed where a connection broke, with a note of their origin.

A token goes to the host that it is for and to no other. A redirect may lead to another host, never to another scheme.
"""

import re

from conflictkg.errors import SourceError
from conflictkg.sources.fetching.asking import open_client
from conflictkg.sources.fetching.download import Download, published_sha256
from conflictkg.sources.fetching.notes import Fetched
from conflictkg.sources.fetching.notes import origin_path as origin_path
from conflictkg.sources.fetching.notes import read_origin as read_origin
from conflictkg.sources.fetching.order import Order as Order
from conflictkg.sources.fetching.order import Patience as Patience
from conflictkg.sources.fetching.paging import Pages
from conflictkg.sources.fetching.writing import make_folder

_SHA256 = re.compile(r"[0-9a-f]{64}")


def fetch_release(order: Order) -> list[Fetched]:
    """Fetch the file of a release, and those that belong to it.

    Raises:
        SourceError: The description does not say where, or a file cannot be written.
        RemoteError: The server refuses, cannot be reached, or sends something else than it should.
    """
    address = order.address("address")
    make_folder(order.folder)
    with open_client(order) as client:
        expected = order.sha256 or published_sha256(client, order)
        if expected and not _SHA256.fullmatch(expected.lower()):
            raise SourceError(
                f'"{expected[:70]}" is no SHA-256: 64 hexadecimal digits.',
                source=order.description.name,
            )
        beside = [order.fill(each) for each in order.retrieval.get("beside", ())]
        wanted = [(address, expected.lower()), *((each, "") for each in beside)]
        return [Download(client, order, each, sha256).run() for each, sha256 in wanted]


def fetch_pages(order: Order) -> Fetched:
    """Fetch a release from the source's API, page by page, into a folder that appears once all are there.

    Raises:
        SourceError: The description names no API, or a file cannot be written.
        RemoteError: The server refuses, cannot be reached, or its pages do not fit together.
    """
    address = order.address("api")
    make_folder(order.folder)
    with open_client(order) as client:
        return Pages(client, order, address).run()
