"""Descriptions of a store for catalogues and for programs, computed from what is in it.

:mod:`conflictkg.describe.rights` reads what each graph says of itself and whether it may be passed on,
:mod:`conflictkg.describe.counting` counts and :mod:`conflictkg.describe.keeping` keeps that,
:mod:`conflictkg.describe.catalogue` says it all in VoID and DCAT, and
:mod:`conflictkg.describe.queries` tells of prefixes and published questions.
"""

from conflictkg.describe.catalogue import Dump as Dump
from conflictkg.describe.catalogue import Places as Places
from conflictkg.describe.catalogue import describe_store as describe_store
from conflictkg.describe.catalogue import find_example as find_example
from conflictkg.describe.counting import Counts as Counts
from conflictkg.describe.counting import count_graphs as count_graphs
from conflictkg.describe.counting import count_store as count_store
from conflictkg.describe.keeping import StoreCounts as StoreCounts
from conflictkg.describe.keeping import find_counts as find_counts
from conflictkg.describe.keeping import keep_counts as keep_counts
from conflictkg.describe.keeping import load_counts as load_counts
from conflictkg.describe.queries import describe_prefixes as describe_prefixes
from conflictkg.describe.queries import describe_questions as describe_questions
from conflictkg.describe.rights import GraphNotice as GraphNotice
from conflictkg.describe.rights import find_kept_back as find_kept_back
from conflictkg.describe.rights import read_notices as read_notices
from conflictkg.describe.rights import require_all_public as require_all_public
