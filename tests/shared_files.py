"""Where tests find the material that stands beside the checkout and is not part of it."""

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


def shared(name: str) -> Path:
    """The path of a file under ``../shared``.

    Skips the test where the file is absent; with ``CI=true`` that is a failure instead.
    """
    path = SHARED / name
    if not path.exists():
        reason = f"../shared/{name} is not beside this checkout"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return path
