"""Graphs in files: read them, write them the same every time, find a term's line, compare two.

Reading goes through pyoxigraph, which names line and column of an error and touches neither network
nor disk; the result is the rdflib graph that people know. Writing is for graphs without blank nodes
and gives the same bytes for the same triples, so that a diff shows meaning.
"""

from conflictkg.graphs.comparing import compare_graphs
from conflictkg.graphs.locating import TermLines, locate_subjects, locate_terms
from conflictkg.graphs.reading import (
    BASE,
    FileGraph,
    load_graphs,
    merge_graphs,
    parse_graph,
    parse_turtle,
    read_text,
)
from conflictkg.graphs.writing import TermWriter, escape_text, join_values, write_turtle

__all__ = [
    "BASE",
    "FileGraph",
    "TermLines",
    "TermWriter",
    "compare_graphs",
    "escape_text",
    "join_values",
    "load_graphs",
    "locate_subjects",
    "locate_terms",
    "merge_graphs",
    "parse_graph",
    "parse_turtle",
    "read_text",
    "write_turtle",
]
