"""The engines that are compared, each behind one small driver, each in a process of its own."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import cast

from peers.driver import Driver

MODULES = {
    "ours": "peers.ours",
    "pyoxigraph": "peers.oxigraph",
    "virtuoso": "peers.virtuoso",
    "rdflib": "peers.memory",
}
"""Engine to the module with its ``make(directory)``; imported in the engine's own process only."""


def make_driver(engine: str, directory: Path) -> Driver:
    """A driver whose database stands, or will stand, in a directory."""
    make = cast("Callable[[Path], Driver]", import_module(MODULES[engine]).make)
    return make(directory)
