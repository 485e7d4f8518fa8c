"""conflictkg: a knowledge graph of armed conflict that says who asserts what, and where it stands.

``conflictkg.connect(place).query("SELECT …")`` asks a server or a store.
"""

from importlib import import_module
from typing import Any

__all__ = ["connect"]


def __getattr__(name: str) -> Any:
    # Imported when asked for: whoever wants one module of ours need not wait for the client.
    if name == "connect":
        return import_module("conflictkg.client").connect
    raise AttributeError(f"module 'conflictkg' has no attribute {name!r}")
