"""Terms by the column: many at once, without an object for each.

An answer of a million rows is decoded, written as JSON or CSV and handed to Arrow from these; rows of
:class:`conflictkg.answers.Term` are made from them only where somebody wants rows.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

UNBOUND = 0
IRI = 1
BLANK = 2
LITERAL = 3


@dataclass(frozen=True, slots=True)
class TermColumn:
    """One variable's terms in a batch of solutions.

    Args:
        kind: ``UNBOUND``, ``IRI``, ``BLANK`` or ``LITERAL`` for each row.
        lexical: The IRI, blank node label or lexical form; null where unbound.
        datatype: IRI of a literal's datatype, dictionary-encoded strings; null where no literal.
        language: Language tag, dictionary-encoded strings; null where there is none.
    """

    kind: npt.NDArray[np.uint8]
    lexical: pa.LargeStringArray
    datatype: pa.DictionaryArray
    language: pa.DictionaryArray

    def __len__(self) -> int:
        return len(self.kind)

    def slice(self, start: int, size: int) -> "TermColumn":
        """So many of its rows; nothing is copied."""
        return TermColumn(
            self.kind[start : start + size],
            self.lexical.slice(start, size),
            self.datatype.slice(start, size),
            self.language.slice(start, size),
        )


@dataclass(frozen=True, slots=True)
class Batch:
    """Some of an answer's solutions: a column a variable, all of one length.

    Args:
        columns: In the order of the answer's variables.
        size: How many solutions; needed where there are no variables.
    """

    columns: tuple[TermColumn, ...]
    size: int

    def slice(self, start: int, size: int) -> "Batch":
        """So many of its solutions; nothing is copied."""
        return Batch(tuple(each.slice(start, size) for each in self.columns), size)
