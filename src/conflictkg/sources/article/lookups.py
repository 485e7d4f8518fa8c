"""Rule and gazetteer files: read once, checked for syntax, with the file named in the error."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from conflictkg.errors import SourceError

_HERE = Path(__file__).parent


@cache
def load_lookup(name: str) -> dict[str, Any]:
    """Read a TOML file that stands beside this module.

    Args:
        name: Its path from here: ``rules/zones.toml``.

    Raises:
        SourceError: It is not there or is no TOML.
    """
    path = _HERE / name
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SourceError(
            f"cannot be read: {error}. Reinstall conflictkg or mend it.", source=name
        ) from error


def gazetteer_names() -> tuple[str, ...]:
    """The gazetteer files, in the order of their names."""
    return tuple(
        f"gazetteers/{path.name}" for path in sorted((_HERE / "gazetteers").glob("*.toml"))
    )


def rule_names(folder: str) -> tuple[str, ...]:
    """The rule files of one stage, in the order of their names."""
    root = _HERE / "rules" / folder
    return tuple(f"rules/{folder}/{path.name}" for path in sorted(root.glob("*.toml")))
