"""Each format of answers over HTTP: asked for by type, by name and by ending, and read by readers that are not ours."""

import io
from collections.abc import Callable, Iterator
from urllib.parse import quote

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient
from small_store import numbers, write_small_store

from conflictkg.config import Settings
from conflictkg.store import open_store
from conflictkg.web import create_app

XSD = "http://www.w3.org/2001/XMLSchema#"
VALUES = quote(
    "SELECT * { VALUES (?a ?b) { (<http://e/x> 1) ('é\"\\n'@en UNDEF) (true 1.5) ('=1' 'x') } } ORDER BY ?b"
)
ROWS = 3_000
GRAPH = quote("CONSTRUCT WHERE { ?s ?p ?o }")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    place = write_small_store(tmp_path_factory.mktemp("formats") / "store", numbers(ROWS))
    with open_store(place) as store:
        yield create_app(Settings(), store).test_client()


def read_arrow(data: bytes) -> pa.Table:
    return pa.ipc.open_stream(data).read_all()


def read_parquet(data: bytes) -> pa.Table:
    return pq.read_table(io.BytesIO(data))


@pytest.mark.parametrize(
    ("name", "media_type", "read"),
    [
        ("arrow", "application/vnd.apache.arrow.stream", read_arrow),
        ("parquet", "application/vnd.apache.parquet", read_parquet),
    ],
)
def test_frames_hold_every_term(
    client: FlaskClient, name: str, media_type: str, read: Callable[[bytes], pa.Table]
) -> None:
    """A column of texts for each variable and one that says what each text is."""
    by_type = client.get(f"/sparql?query={VALUES}", headers={"Accept": media_type})
    by_name = client.get(f"/sparql?query={VALUES}&format={name}")
    assert by_type.mimetype == by_name.mimetype == media_type
    assert by_type.data == by_name.data
    rows = {
        (row["a"], row["a:type"], row["b"], row["b:type"]) for row in read(by_type.data).to_pylist()
    }
    assert rows == {
        ("http://e/x", "iri", "1", XSD + "integer"),
        ('é"\n', "@en", None, None),
        ("true", XSD + "boolean", "1.5", XSD + "decimal"),
        ("=1", XSD + "string", "x", XSD + "string"),
    }


@pytest.mark.parametrize("name", ["arrow", "parquet"])
@pytest.mark.parametrize(("limit", "complete"), [(ROWS, "true"), (ROWS - 1, "false")])
def test_frames_say_whether_they_are_whole(
    client: FlaskClient, name: str, limit: int, complete: str
) -> None:
    """Within themselves, where a file that was saved still says it; other programs read the file as usual."""
    query = quote("SELECT ?n { ?s <http://example.org/n> ?n }")
    response = client.get(f"/sparql?query={query}&limit={limit}&format={name}")
    if name == "parquet":
        said = pq.read_metadata(io.BytesIO(response.data)).metadata
        frame = pl.read_parquet(io.BytesIO(response.data))
    else:
        said = last_metadata(response.data)
        frame = pl.read_ipc_stream(io.BytesIO(response.data))
    assert said[b"conflictkg.complete"].decode() == complete
    assert int(said[b"conflictkg.rows"]) == frame.height == limit


def last_metadata(data: bytes) -> dict[bytes, bytes]:
    """Of the last batch that says something."""
    found: dict[bytes, bytes] = {}
    for batch in pa.ipc.open_stream(data).iter_batches_with_custom_metadata():
        if batch.custom_metadata:
            found = dict(batch.custom_metadata)
    return found


@pytest.mark.parametrize(
    ("names", "media_type", "rdf_format"),
    [
        (("turtle", "ttl"), "text/turtle", ox.RdfFormat.TURTLE),
        (("trig",), "application/trig", ox.RdfFormat.TRIG),
        (("ntriples", "nt"), "application/n-triples", ox.RdfFormat.N_TRIPLES),
        (("nquads", "nq"), "application/n-quads", ox.RdfFormat.N_QUADS),
        (("rdfxml", "rdf"), "application/rdf+xml", ox.RdfFormat.RDF_XML),
        (("jsonld",), "application/ld+json", ox.RdfFormat.JSON_LD),
    ],
)
def test_graph_is_the_same_in_each_format(
    client: FlaskClient, names: tuple[str, ...], media_type: str, rdf_format: ox.RdfFormat
) -> None:
    """Asked for by its type or by each of its names, over the protocol of queries and that of graphs."""
    expected = triples_of(
        client.get(f"/sparql?query={GRAPH}&format=nt").data, ox.RdfFormat.N_TRIPLES
    )
    assert len(expected) >= ROWS
    asked = [f"/sparql?query={GRAPH}", "/rdf-graph-store?default"]
    for path in asked:
        by_type = client.get(path, headers={"Accept": media_type})
        assert by_type.mimetype == media_type
        assert triples_of(by_type.data, rdf_format) == expected
        for name in names:
            assert client.get(f"{path}&format={name}").data == by_type.data


def triples_of(data: bytes, rdf_format: ox.RdfFormat) -> set[str]:
    return {str(quad.triple) for quad in ox.parse(data, format=rdf_format)}


def test_what_cannot_be_written_lists_what_can(client: FlaskClient) -> None:
    """406 for a type, 400 for a name that nothing has, 406 for one that holds other answers."""
    wrong = client.get(f"/sparql?query={VALUES}", headers={"Accept": "text/turtle"})
    assert (wrong.status_code, "application/vnd.apache.parquet" in wrong.text) == (406, True)
    other = client.get(f"/sparql?query={VALUES}&format=turtle")
    assert (other.status_code, "parquet" in other.text) == (406, True)
    unknown = client.get(f"/sparql?query={VALUES}&format=xlsx")
    assert (unknown.status_code, "spreadsheet" in unknown.text) == (400, True)


def test_parquet_is_not_packed_twice(client: FlaskClient) -> None:
    """It is compressed within; to do it again would only cost time."""
    query = quote("SELECT * { ?s ?p ?o }")
    response = client.get(
        f"/sparql?query={query}&format=parquet", headers={"Accept-Encoding": "gzip"}
    )
    assert "Content-Encoding" not in response.headers
    assert response.data[:4] == response.data[-4:] == b"PAR1"
