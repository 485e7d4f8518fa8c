"""Asking a graph from Python, the same way whether it is served somewhere or lies in a directory.

    with conflictkg.connect("https://kg.example.org/") as graph:
        for row in graph.query("SELECT ?strike ?day { … }"):
            print(row["strike"], row["day"])
        frame = graph.query("SELECT …").to_pandas()

An answer that is not whole is an error, unless one asks for it: what was cut off must not look like all there is.
"""

from conflictkg.answers import Iri as Iri
from conflictkg.client.connecting import connect as connect
from conflictkg.client.connection import Connection as Connection
from conflictkg.client.rows import Row as Row
from conflictkg.client.rows import Rows as Rows
