"""What every victim needs, imported once."""

import pyarrow as pa

from conflictkg.store import handle as handle
from conflictkg.store import writer as writer

# Where pandas is installed, this imports it.
pa.array([1]).to_numpy()
