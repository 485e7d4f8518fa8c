"""What every victim needs, imported once."""

import pyarrow as pa
from store.crash import jobs as jobs

# Where pandas is installed, this imports it.
pa.array([1]).to_numpy()
