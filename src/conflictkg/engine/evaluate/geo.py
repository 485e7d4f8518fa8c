"""GeoSPARQL: distances and how geometries lie to each other, over ``geo:wktLiteral``.

Coordinates are longitude and latitude on WGS 84 (CRS84), or latitude and longitude where the literal names
EPSG 4326; other reference systems are an error. Relations are computed in the plane of degrees. Distances are
great circles on a sphere of the earth's mean radius: of two points exact; of other geometries between the
points that lie nearest to each other in that plane, with degrees of longitude shortened as at the middle
latitude. Only distances of points know that the plane's left and right edge are one.
"""

import math
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import shapely
from shapely.geometry.base import BaseGeometry

from conflictkg.answers import Iri, Literal, Term
from conflictkg.engine.evaluate.failure import ExpressionError
from conflictkg.engine.evaluate.values import Operand

GEO = "http://www.opengis.net/ont/geosparql#"
GEOF = "http://www.opengis.net/def/function/geosparql/"
UOM = "http://www.opengis.net/def/uom/OGC/1.0/"
EPSG_UNITS = "http://www.opengis.net/def/uom/EPSG/0/"
QUDT_UNITS = "http://qudt.org/vocab/unit/"

EARTH_RADIUS_M = 6_371_008.771_4
"""Mean radius of WGS 84, (2a + b) / 3."""
LONGEST_WKT = 1_000_000
_DEEPEST_WKT = 8
_SMALL_WKT = 2_000
_MOST_CORNERS = 2_000

_METRES = {
    UOM + "metre": 1.0,
    UOM + "kilometre": 1000.0,
    UOM + "centimetre": 0.01,
    UOM + "millimetre": 0.001,
    UOM + "mile": 1609.344,
    UOM + "statuteMile": 1609.344,
    UOM + "nauticalMile": 1852.0,
    UOM + "foot": 0.3048,
    UOM + "yard": 0.9144,
    EPSG_UNITS + "9001": 1.0,
    EPSG_UNITS + "9036": 1000.0,
    EPSG_UNITS + "9002": 0.3048,
    EPSG_UNITS + "9030": 1852.0,
    EPSG_UNITS + "9093": 1609.344,
    QUDT_UNITS + "M": 1.0,
    QUDT_UNITS + "KiloM": 1000.0,
    QUDT_UNITS + "MI": 1609.344,
    QUDT_UNITS + "MI_N": 1852.0,
}
UNITS: Mapping[str, float] = {
    **_METRES,
    UOM + "radian": EARTH_RADIUS_M,
    UOM + "degree": EARTH_RADIUS_M * math.pi / 180,
    EPSG_UNITS + "9101": EARTH_RADIUS_M,
    EPSG_UNITS + "9102": EARTH_RADIUS_M * math.pi / 180,
    QUDT_UNITS + "RAD": EARTH_RADIUS_M,
    QUDT_UNITS + "DEG": EARTH_RADIUS_M * math.pi / 180,
}
"""Units of distance, in metres; angles as seen from the centre of the earth."""

_CRS84 = frozenset(
    {
        "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
        "https://www.opengis.net/def/crs/OGC/1.3/CRS84",
        "http://www.opengis.net/def/crs/OGC/0/CRS84",
        "urn:ogc:def:crs:OGC:1.3:CRS84",
        "urn:ogc:def:crs:OGC::CRS84",
    }
)
_LATITUDE_FIRST = frozenset(
    {
        "http://www.opengis.net/def/crs/EPSG/0/4326",
        "https://www.opengis.net/def/crs/EPSG/0/4326",
        "urn:ogc:def:crs:EPSG::4326",
    }
)
_WKT = re.compile(r"\s*(?:<([^<>\s]*)>\s*)?(.*)", re.S)


class Shape(NamedTuple):
    """A geometry that was read.

    Args:
        geometry: Its coordinates longitude first.
        point: Longitude and latitude, of a point.
    """

    geometry: BaseGeometry
    point: tuple[float, float] | None


def parse_wkt(text: str) -> Shape:
    """The geometry of a WKT literal's lexical form.

    Raises:
        ExpressionError: It is none, too long, nested too deep, or in another reference system.

    >>> parse_wkt("<http://www.opengis.net/def/crs/EPSG/0/4326> POINT(33.5 36.3)").point
    (36.3, 33.5)
    """
    if len(text) > LONGEST_WKT:
        raise ExpressionError
    # A small cache of large ones: a country's border is asked for with every event.
    return (_parse_small if len(text) <= _SMALL_WKT else _parse_large)(text)


def _parse(text: str) -> Shape:
    match = _WKT.fullmatch(text)
    if match is None:
        raise ExpressionError
    system, wkt = match[1], match[2]
    if system and system not in _CRS84 and system not in _LATITUDE_FIRST:
        raise ExpressionError
    _check_depth(wkt)
    try:
        geometry = shapely.from_wkt(wkt)
    except (shapely.errors.GEOSException, ValueError, UnicodeError):
        raise ExpressionError from None
    if geometry is None:
        raise ExpressionError
    coordinates = shapely.get_coordinates(geometry)
    if coordinates.size and not math.isfinite(float(abs(coordinates).max())):
        raise ExpressionError
    if system in _LATITUDE_FIRST:
        geometry = shapely.transform(geometry, lambda pairs: pairs[:, ::-1])
        coordinates = coordinates[:, ::-1]
    is_point = geometry.geom_type == "Point" and not geometry.is_empty
    if not is_point:
        shapely.prepare(geometry)
    return Shape(
        geometry, (float(coordinates[0, 0]), float(coordinates[0, 1])) if is_point else None
    )


_parse_small = lru_cache(maxsize=8192)(_parse)
_parse_large = lru_cache(maxsize=32)(_parse)


def _check_depth(wkt: str) -> None:
    # The parser behind shapely recurses: a deep nest of collections would end the process.
    depth = 0
    for bracket in re.findall(r"[()]", wkt):
        depth += 1 if bracket == "(" else -1
        if depth > _DEEPEST_WKT:
            raise ExpressionError


def _shape(term: Term) -> Shape:
    if not isinstance(term, Literal) or term.datatype != GEO + "wktLiteral":
        raise ExpressionError
    return parse_wkt(term.lexical)


def great_circle_m(first: tuple[float, float], second: tuple[float, float]) -> float:
    """Metres between two points, longitude first, on the sphere.

    >>> round(great_circle_m((36.2765, 33.5138), (37.1343, 36.2021)) / 1000)
    309
    """
    longitude, latitude = math.radians(first[0]), math.radians(first[1])
    other_longitude, other_latitude = math.radians(second[0]), math.radians(second[1])
    half = (
        math.sin((other_latitude - latitude) / 2) ** 2
        + math.cos(latitude)
        * math.cos(other_latitude)
        * math.sin((other_longitude - longitude) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, max(0.0, half))))


def distance(first: Term, second: Term, unit: Term) -> Operand:
    """``geof:distance``."""
    metres = UNITS.get(unit.value) if isinstance(unit, Iri) else None
    if metres is None:
        raise ExpressionError
    left, right = _shape(first), _shape(second)
    if left.point is not None and right.point is not None:
        return great_circle_m(left.point, right.point) / metres
    if left.geometry.is_empty or right.geometry.is_empty:
        raise ExpressionError
    return _nearest_m(left.geometry, right.geometry) / metres


def _nearest_m(left: BaseGeometry, right: BaseGeometry) -> float:
    try:
        if shapely.intersects(left, right):
            return 0.0
        bounds = [*left.bounds, *right.bounds]
        middle = (min(bounds[1::2]) + max(bounds[1::2])) / 2
        shrink = max(0.01, math.cos(math.radians(middle)))
        ends = _nearest_ends(_scaled(left, shrink), _scaled(right, shrink))
    except shapely.errors.GEOSException:
        raise ExpressionError from None
    return min(
        great_circle_m((x / shrink, y), (other_x / shrink, other_y))
        for (x, y), (other_x, other_y) in ends
    )


def _nearest_ends(left: BaseGeometry, right: BaseGeometry) -> Any:
    # Of edges that lie side by side in the plane all points are equally near, and on the sphere the
    # ends of one are nearest: so each corner is asked for as well.
    lines = [shapely.shortest_line(left, right)]
    for geometry, other in ((left, right), (right, left)):
        corners = shapely.get_coordinates(geometry)
        if len(corners) <= _MOST_CORNERS:
            lines.extend(shapely.shortest_line(other, shapely.points(corners)))
    return shapely.get_coordinates(lines).reshape(-1, 2, 2).tolist()


def _scaled(geometry: BaseGeometry, shrink: float) -> BaseGeometry:
    scaled = shapely.transform(geometry, lambda pairs: pairs * (shrink, 1.0))
    # Prepared, the search for the nearest points uses an index.
    shapely.prepare(scaled)
    return scaled


def _relation(
    predicate: Callable[[BaseGeometry, BaseGeometry], object],
) -> Callable[[Term, Term], Operand]:
    def run(first: Term, second: Term) -> Operand:
        left, right = _shape(first), _shape(second)
        try:
            return bool(predicate(left.geometry, right.geometry))
        except shapely.errors.GEOSException:
            raise ExpressionError from None

    return run


GEO_FUNCTIONS: Mapping[str, tuple[Callable[..., Operand], int, str]] = {
    GEOF + "distance": (
        distance,
        3,
        "The shortest distance of two geometries in a unit, along a great circle.",
    ),
    GEOF + "sfEquals": (
        _relation(shapely.equals),
        2,
        "Whether two geometries cover the same points.",
    ),
    GEOF + "sfDisjoint": (_relation(shapely.disjoint), 2, "Whether two geometries share no point."),
    GEOF + "sfIntersects": (
        _relation(shapely.intersects),
        2,
        "Whether two geometries share a point.",
    ),
    GEOF + "sfTouches": (
        _relation(shapely.touches),
        2,
        "Whether two geometries meet at their borders only.",
    ),
    GEOF + "sfCrosses": (
        _relation(shapely.crosses),
        2,
        "Whether the first geometry crosses the second.",
    ),
    GEOF + "sfWithin": (
        _relation(shapely.within),
        2,
        "Whether the first geometry lies within the second.",
    ),
    GEOF + "sfContains": (
        _relation(shapely.contains),
        2,
        "Whether the first geometry contains the second.",
    ),
    GEOF + "sfOverlaps": (
        _relation(shapely.overlaps),
        2,
        "Whether two geometries of one dimension share a part, and neither contains the other.",
    ),
}
"""By IRI: the function on terms, how many arguments it takes, and what it gives."""
