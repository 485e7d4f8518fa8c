"""The child of :mod:`conflictkg.shacl.uploaded`: validates strangers' data by strangers' shapes.

A program of its own. Its arguments are the files and its limits; the last line of stderr is its report, or what went
wrong, as a JSON object, and stdout is the ``sh:ValidationReport`` as Turtle.
"""

import json
import os
import re
import sys
from pathlib import Path

from rdflib import SH, Graph

from conflictkg.errors import ConflictKGError
from conflictkg.files import shapes_files
from conflictkg.graphs import FileGraph, load_graphs, parse_graph
from conflictkg.sandbox.child import confine, fail
from conflictkg.shacl.findings import Finding
from conflictkg.shacl.reports import write_report
from conflictkg.shacl.validation import validate_graphs

MOST_FINDINGS = 1_000
_MOST_DEEP = 15
_RUN = (SH.select, SH.ask, SH.construct, SH.update, SH.target, SH.js, SH.jsFunctionName, SH.rule)


def require_plain(shapes: Graph) -> None:
    """Refuse shapes that hold programs: queries, scripts, rules."""
    for name in _RUN:
        if (None, name, None) in shapes:
            fail(
                "shapes-refused",
                f"the shapes hold a program (sh:{str(name).rpartition('#')[2]}), and none of a stranger is run "
                "here. Validate by them on your own machine: conflictkg validate.",
            )


def require_patterns(shapes: Graph) -> None:
    """Refuse a pattern that is none, and name its shape: where it is used nothing tells which it was."""
    for shape, pattern in shapes.subject_objects(SH.pattern):
        try:
            re.compile(str(pattern))
        except (re.error, OverflowError) as error:
            owner = next(shapes.subjects(SH.property, shape), shape)
            fail(
                "bad-shapes",
                f'sh:pattern "{str(pattern)[:200]}" of the shape {owner} is no regular expression: {error}. '
                "Correct the shape.",
            )


def describe(finding: Finding) -> dict[str, object]:
    """A finding as a JSON object; what it does not say is left out."""
    parts = {
        "severity": finding.severity.label,
        "focus": str(finding.focus),
        "path": finding.path,
        "value": None if finding.value is None else str(finding.value)[:1_000],
        "message": finding.message,
        "shape": str(finding.shape),
        "component": str(finding.component),
    }
    return {name: value for name, value in parts.items() if value}


def main(data: str, shapes: str, *limits: str) -> None:
    """Validate and report."""
    own = load_graphs(shapes_files()) if not shapes else ()
    confine(*map(int, limits))
    try:
        given: tuple[FileGraph, ...] = own or (parse_graph(Path(shapes)),)
        if not own:
            require_plain(given[0].graph)
            require_patterns(given[0].graph)
        report = validate_graphs([parse_graph(Path(data))], given)
        text = write_report(report, "turtle")
    except ConflictKGError as error:
        too_deep = "too deep" in str(error).lower() or "recursion" in str(error).lower()
        kind = "shapes-too-deep" if too_deep else "bad-shapes"
        problem = str(error).partition("the shapes cannot be applied: ")[2] or str(error)
        fail(kind, problem.partition("\n")[0][:500])
    except RecursionError:
        fail("shapes-too-deep", f"the shapes nest too deep. At most {_MOST_DEEP} are followed.")
    except MemoryError:
        fail("too-large", "validating them needs more memory than there is for it. Send less.")
    sys.stdout.write(text)
    sys.stdout.flush()
    shown = report.findings[:MOST_FINDINGS]
    sys.stderr.write(
        "\n"
        + json.dumps(
            {
                "conforms": report.conforms(),
                "triples": report.triples,
                "findings": [describe(each) for each in shown],
                "leftOut": len(report.findings) - len(shown),
            }
        )
    )
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
