"""The engines by name, for command lines."""

from .engines import MakeEngine, OxigraphEngine
from .ours import OurEngine
from .rdflib_engine import RdflibEngine

ENGINES: dict[str, MakeEngine] = {
    "ours": OurEngine,
    "oxigraph": OxigraphEngine,
    "rdflib": RdflibEngine,
}
