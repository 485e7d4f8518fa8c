"""What holds for the whole run."""

import gc
import resource
from collections.abc import Iterator

import pytest
import rdflib

MOST_BYTES = 16 << 30
"""Address space of the run. What runs away fails its own test and names it, before the machine kills the run."""


def pytest_configure() -> None:
    """Bound the memory of this process and of those that it starts."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard == resource.RLIM_INFINITY or hard > MOST_BYTES:
        resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, hard))


@pytest.fixture(scope="module", autouse=True)
def _garbage_stays_in_its_thread() -> Iterator[None]:
    """What pyoxigraph gives may not be dropped on a thread that a later module starts.

    What stays is not looked at again: by the end of the run there is so much of it that one collection of all
    generations takes half a second, in which no query can be stopped.
    """
    yield
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def _literals_stay_as_they_are() -> Iterator[None]:
    """Modules that ask pySHACL itself leave rdflib's switch on for the whole process; ours switch it back."""
    yield
    rdflib.NORMALIZE_LITERALS = False
