"""How graphs are named in the graph store protocol: by parameters, by their own address, by us."""

from collections.abc import Iterator

import pytest
from web_support import require_problem
from writing_support import GSP, Editable, editable_server

HERE, PUBLIC = "http://localhost/", "https://kg.example.org/graphs/"
ONE = "<http://e/s> <http://e/p> <here> ."


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editable]:
    with editable_server(tmp_path_factory.mktemp("here")) as found:
        yield found


@pytest.fixture(scope="module")
def behind_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editable]:
    """It is reached under another address than its own."""
    with editable_server(tmp_path_factory.mktemp("public"), base_iri=PUBLIC) as found:
        yield found


def names(server: Editable) -> set[str]:
    return {each.iri for each in server.store.graphs()}


def write(server: Editable, method: str, path: str) -> object:
    return server.client.open(
        path, method=method, data=ONE, headers={**server.writer, "Content-Type": "text/turtle"}
    )


@pytest.mark.parametrize(
    "name", ["plain", "a%20b", "a%2Fb", "a/b", "%31", "%2531", "%C3%A9", "a//b", "x%3Fy", "x%23y"]
)
def test_graph_has_the_iri_that_its_address_was_sent_as(
    server: Editable, behind_proxy: Editable, name: str
) -> None:
    """No decoding makes one graph of two; the address that is told is the graph's, and is read again."""
    for each, root in ((server, HERE), (behind_proxy, PUBLIC)):
        graph = f"{root}rdf-graph-store/{name}"
        response = write(each, "PUT", f"{GSP}/{name}")
        assert (response.status_code, response.headers["Location"]) == (201, graph)  # type: ignore[attr-defined]
        assert graph in names(each)
        read = each.client.get(f"{GSP}/{name}?format=nt")
        # Relative IRIs are those of the graph.
        assert read.text == f"<http://e/s> <http://e/p> <{graph.rpartition('/')[0]}/here> .\n"
        same = each.client.get(GSP, query_string={"graph": graph, "format": "nt"})
        assert same.data == read.data
        gone = each.client.delete(f"{GSP}/{name}", headers=each.writer)
        assert (gone.status_code, gone.data, graph in names(each)) == (204, b"", False)
        assert "Content-Type" not in gone.headers


def test_new_graph_is_named_under_the_public_address(behind_proxy: Editable) -> None:
    """And is found there: Location is the graph's name, to be used in both ways."""
    response = write(behind_proxy, "POST", GSP)
    graph = response.headers["Location"]  # type: ignore[attr-defined]
    assert graph.startswith(f"{PUBLIC}rdf-graph-store/graph/")
    assert graph in names(behind_proxy)
    path = "/" + graph.removeprefix(PUBLIC)
    assert behind_proxy.client.get(path).status_code == 200
    assert behind_proxy.client.get(GSP, query_string={"graph": graph}).status_code == 200


def test_location_of_a_named_graph_is_where_it_is_read(behind_proxy: Editable) -> None:
    response = write(behind_proxy, "PUT", f"{GSP}?graph=http%3A%2F%2Fe%2Fg")
    assert response.headers["Location"] == (  # type: ignore[attr-defined]
        f"{PUBLIC}rdf-graph-store?graph=http%3A%2F%2Fe%2Fg"
    )


def test_endpoint_is_described_and_resolves_under_the_public_address(
    behind_proxy: Editable,
) -> None:
    described = behind_proxy.client.get("/sparql", headers={"Accept": "text/turtle"}).text
    assert f"sd:endpoint <{PUBLIC}sparql>" in described
    answer = behind_proxy.client.get("/sparql?query=SELECT(<x>AS%3Fx){}&format=csv")
    assert answer.text == f"x\r\n{PUBLIC}x\r\n"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH"])
def test_absolute_form_of_a_request_names_the_same_graph(server: Editable, method: str) -> None:
    """Proxies send the whole address; whatever host it names, it is ours."""
    write(server, "PUT", f"{GSP}/whole")
    response = server.client.open(
        f"{GSP}/whole",
        method=method,
        data="INSERT DATA {}" if method == "PATCH" else ONE,
        headers={
            **server.writer,
            "Content-Type": "application/sparql-update" if method == "PATCH" else "text/turtle",
        },
        environ_overrides={"REQUEST_URI": "http://other.example/rdf-graph-store/whole?x=1"},
    )
    assert response.status_code in {200, 204}
    assert not any("other.example" in each for each in names(server))


def test_change_that_is_too_large_to_be_validated_is_refused(
    server: Editable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole, and by a problem of its own: it is not the body that is too large, and a removal has none."""
    write(server, "PUT", f"{GSP}/large")
    monkeypatch.setattr("conflictkg.shacl.touched.MOST_TOUCHED", 0)
    response = server.client.delete(f"{GSP}/large", headers=server.writer)
    require_problem(response, 413, "change-too-large")
    assert f"{HERE}rdf-graph-store/large" in names(server)


@pytest.mark.parametrize("parameter", ["graph=http://e/g", "default"])
def test_graph_is_named_once(server: Editable, parameter: str) -> None:
    """By its address or by a parameter; both would be two."""
    require_problem(server.client.get(f"{GSP}/a?{parameter}"), 400, "ambiguous-graph")


def test_format_is_given_once(server: Editable) -> None:
    response = server.client.get(f"{GSP}?default&format=nt&format=ttl")
    assert require_problem(response, 400, "duplicate-parameter")["parameter"] == "format"
