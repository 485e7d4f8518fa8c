"""The engines by name, for command lines."""

from collections.abc import Callable

from .engines import Engine, OxigraphEngine
from .ours import OurEngine
from .rdflib_engine import RdflibEngine

ENGINES: dict[str, Callable[[], Engine]] = {
    "ours": OurEngine,
    "oxigraph": OxigraphEngine,
    "rdflib": RdflibEngine,
}
