"""What the handlers of one application share: its settings, its store, and questions to that store."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import batched_fallback as batched
