"""GeoSPARQL functions over WKT."""

import math

import pytest
from evaluated import evaluated, turtle
from hypothesis import given
from hypothesis import strategies as st

from conflictkg.answers import Literal, Term
from conflictkg.engine.evaluate import ExpressionError
from conflictkg.engine.evaluate.geo import GEO, great_circle_m, parse_wkt

CRS84 = "<http://www.opengis.net/def/crs/OGC/1.3/CRS84> "
EPSG_4326 = "<http://www.opengis.net/def/crs/EPSG/0/4326> "
DAMASCUS, ALEPPO = "POINT(36.2765 33.5138)", "POINT(37.1343 36.2021)"
SQUARE = "POLYGON((36 33, 37 33, 37 34, 36 34, 36 33))"
HOLED = (
    "POLYGON((36 33,37 33,37 34,36 34,36 33),(36.2 33.4,36.4 33.4,36.4 33.6,36.2 33.6,36.2 33.4))"
)


def wkt(text: str) -> Literal:
    return Literal(text, GEO + "wktLiteral")


def metres(first: str, second: str, unit: str = "uom:metre") -> float | None:
    term = evaluated(f"geof:distance(?a, ?b, {unit})", a=wkt(first), b=wkt(second))
    assert term is None or isinstance(term, Literal)
    return None if term is None else float(term.lexical)


@pytest.mark.parametrize(
    ("first", "second", "expected_m"),
    [
        (DAMASCUS, DAMASCUS, 0.0),
        ("POINT(0 0)", "POINT(1 0)", 111_195.08),
        ("POINT(0 0)", "POINT(0 1)", 111_195.08),
        ("POINT(0 90)", "POINT(0 -90)", math.pi * 6_371_008.7714),
        ("POINT(179.5 0)", "POINT(-179.5 0)", 111_195.08),
        (CRS84 + DAMASCUS, EPSG_4326 + "POINT(33.5138 36.2765)", 0.0),
        (DAMASCUS, SQUARE, 0.0),
        ("POINT(38 33.5)", SQUARE, 92_721.5),
        ("POINT(36.3 33.5)", HOLED, 9_272.2),
        ("LINESTRING(0 0, 10 0)", "POINT(5 1)", 111_195.08),
        (SQUARE, "POLYGON((38 33, 39 33, 39 34, 38 34, 38 33))", 92_184.2),
        # The corner is nearer than the point to the north, in metres if not in degrees.
        ("MULTIPOINT((2 60), (0 61.2))", "POINT(0 60)", 111_178.1),
    ],
)
def test_distance_is_the_great_circle_between_the_nearest_points(
    first: str, second: str, expected_m: float
) -> None:
    """Within a thousandth, both ways round."""
    for pair in ((first, second), (second, first)):
        assert metres(*pair) == pytest.approx(expected_m, rel=1e-3, abs=1e-6)


def test_distance_to_a_slanted_line_in_the_north_is_that_of_its_nearest_point() -> None:
    """Where degrees of longitude are short, the nearest point in degrees is another one."""
    line = [(0.02 * step, 59.0 + 0.02 * step) for step in range(101)]
    expected_m = min(great_circle_m(point, (2.0, 59.0)) for point in line)
    found = metres("LINESTRING(0 59, 2 61)", "POINT(2 59)")
    assert found == pytest.approx(expected_m, rel=1e-2)


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("uom:metre", 111_195.08),
        ("uom:kilometre", 111.19508),
        ("uom:degree", 1.0),
        ("uom:radian", math.pi / 180),
        ("<http://www.opengis.net/def/uom/EPSG/0/9001>", 111_195.08),
        ("<http://qudt.org/vocab/unit/KiloM>", 111.19508),
        ("uom:parsec", None),
        ('"metre"', None),
    ],
)
def test_distance_comes_in_the_unit_that_is_named(unit: str, expected: float | None) -> None:
    """An unknown unit is an error."""
    found = metres("POINT(0 0)", "POINT(0 1)", unit)
    assert found == (None if expected is None else pytest.approx(expected, rel=1e-6))


@pytest.mark.parametrize(
    ("name", "first", "second", "expected"),
    [
        ("sfWithin", DAMASCUS, SQUARE, True),
        ("sfWithin", ALEPPO, SQUARE, False),
        ("sfWithin", "POINT(36.3 33.5)", HOLED, False),
        ("sfWithin", "POINT(36 33)", SQUARE, False),
        ("sfContains", SQUARE, DAMASCUS, True),
        ("sfContains", DAMASCUS, SQUARE, False),
        ("sfIntersects", SQUARE, "POINT(36 33)", True),
        ("sfIntersects", SQUARE, EPSG_4326 + "POINT(33.5 36.5)", True),
        ("sfIntersects", SQUARE, "POINT(33.5 36.5)", False),
        ("sfDisjoint", SQUARE, ALEPPO, True),
        ("sfTouches", SQUARE, "POINT(36 33)", True),
        ("sfEquals", SQUARE, "POLYGON((37 33, 37 34, 36 34, 36 33, 37 33))", True),
        ("sfCrosses", "LINESTRING(35 33.5, 38 33.5)", SQUARE, True),
        ("sfOverlaps", SQUARE, "POLYGON((36.5 33, 38 33, 38 34, 36.5 34, 36.5 33))", True),
        ("sfOverlaps", SQUARE, SQUARE, False),
    ],
)
def test_relations_of_simple_features(name: str, first: str, second: str, expected: bool) -> None:
    """Each relation, with borders and holes."""
    term = evaluated(f"geof:{name}(?a, ?b)", a=wkt(first), b=wkt(second))
    assert turtle(term) == f'"{str(expected).lower()}"^^xsd:boolean'


@pytest.mark.parametrize(
    "term",
    [
        wkt("POINT(36"),
        wkt(""),
        wkt("POINT(nan 1)"),
        wkt("POINT(inf 1)"),
        wkt("<http://www.opengis.net/def/crs/EPSG/0/32637> POINT(1 1)"),
        wkt("LINESTRING(" + ", ".join(f"{n} 0" for n in range(200_000)) + ")"),
        wkt("GEOMETRYCOLLECTION(" * 100_000),
        wkt("GEOMETRYCOLLECTION(" * 9 + "POINT(1 1)" + ")" * 9),
        Literal(DAMASCUS),
        None,
    ],
    ids=lambda term: "" if term is None else term.lexical[:20],
)
def test_what_is_no_geometry_is_an_error(term: Term | None) -> None:
    """Ill-formed, in an unknown reference system, too long, too deep, or no WKT literal."""
    assert evaluated("geof:sfIntersects(?a, ?b)", a=term, b=wkt(SQUARE)) is None
    assert evaluated("geof:distance(?b, ?a, uom:metre)", a=term, b=wkt(SQUARE)) is None


def test_empty_geometry_has_no_distance() -> None:
    """It is nowhere."""
    assert metres("POINT EMPTY", DAMASCUS) is None
    assert metres("POLYGON EMPTY", SQUARE) is None


@given(st.text(st.sampled_from("POINTLYGEMUSR()<>,. -0123456789eZhttp:/"), max_size=60))
def test_any_text_is_a_geometry_or_an_error(text: str) -> None:
    """Nothing but ExpressionError comes out of the parser."""
    try:
        parse_wkt(text)
    except ExpressionError:
        return


@given(*[st.floats(-180, 180), st.floats(-90, 90)] * 2)
def test_distance_is_symmetric_and_within_half_the_earth(
    x: float, y: float, other_x: float, other_y: float
) -> None:
    """Between any two points."""
    there = great_circle_m((x, y), (other_x, other_y))
    assert there == pytest.approx(great_circle_m((other_x, other_y), (x, y)))
    assert 0 <= there <= math.pi * 6_371_009
