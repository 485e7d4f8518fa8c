"""``conflictkg diff``: what changed between two releases."""

import json
from pathlib import Path

import click

from conflictkg.cli.output import write_output
from conflictkg.releases import Change, Comparison, Kind, compare_releases


@click.command("diff")
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Lines for people, or JSON.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="File to write; default stdout."
)
def command(old: Path, new: Path, format_name: str, output: Path | None) -> None:
    """Say which records were added, removed and revised from OLD to NEW.

    Both are what `conflictkg convert` made of two releases of one data set. Each change comes with dates, numbers and
    other claims before and after. Records of which only fields differ that are not converted are counted apart.
    """
    found = compare_releases(old, new)
    text = (
        _as_json(found)
        if format_name == "json"
        else "".join(f"{_line(each)}\n" for each in found.changes)
    )
    write_output(text.encode(), output)
    counts = [f"{found.count(kind):,} {kind}" for kind in Kind]
    if found.unconverted:
        counts.append(f"{len(found.unconverted):,} changed only in what is not converted")
    click.echo(f"conflictkg: {', '.join(counts)}, {found.unchanged:,} unchanged", err=True)


def _line(change: Change) -> str:
    names = [*change.before, *(name for name in change.after if name not in change.before)]
    if change.kind is Kind.REVISED:
        parts = [
            f"{name} {change.before.get(name, 'not said')} → {change.after.get(name, 'not said')}"
            for name in names
        ]
        return f"{change.kind} {change.record}: {'; '.join(parts)}"
    facts = change.before if change.kind is Kind.REMOVED else change.after
    return f"{change.kind} {change.record}: {'; '.join(f'{name} {value}' for name, value in facts.items())}"


def _as_json(found: Comparison) -> str:
    changes = [
        {
            "change": str(each.kind),
            "record": each.record,
            "before": dict(each.before),
            "after": dict(each.after),
        }
        for each in found.changes
    ]
    content = {
        "unchanged": found.unchanged,
        "onlyInWhatIsNotConverted": found.unconverted,
        "changes": changes,
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"
