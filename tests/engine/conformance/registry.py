"""The engines by name, for command lines."""

from collections.abc import Callable

from .engines import Engine, OxigraphEngine
from .rdflib_engine import RdflibEngine

ENGINES: dict[str, Callable[[], Engine]] = {
    "oxigraph": OxigraphEngine,
    "rdflib": RdflibEngine,
}
