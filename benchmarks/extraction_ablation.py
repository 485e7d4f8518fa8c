"""What each rule family contributes to extraction: F1 with all of them, and with one left out.

    python benchmarks/extraction_ablation.py NAME=ARTICLE:KEY …

prints a Markdown table, one row a family, one column an article. A family that others build on (statements
say whose words a sentence is) costs more than its own assertions when it is left out.
"""

import sys
from pathlib import Path

from conflictkg.sources.article.extract import FAMILIES, extract
from conflictkg.sources.article.score import score
from conflictkg.sources.article.scorekey import KeyItem, load_key


def f1(text: str, key: tuple[KeyItem, ...], without: tuple[str, ...] = ()) -> float:
    """F1 over the core items of an article."""
    return score(extract(text, without=without), key, text).total.f1


def table(pages: dict[str, tuple[str, tuple[KeyItem, ...]]]) -> str:
    """The ablation as a Markdown table."""
    whole = {name: f1(text, key) for name, (text, key) in pages.items()}
    lines = [
        "| left out | " + " | ".join(pages) + " |",
        "|---|" + "---:|" * len(pages),
        "| nothing (F1) | " + " | ".join(f"{whole[name]:.3f}" for name in pages) + " |",
    ]
    for family in FAMILIES:
        changes = [
            f"{f1(text, key, (family,)) - whole[name]:+.3f}" for name, (text, key) in pages.items()
        ]
        lines.append(f"| {family} | " + " | ".join(changes) + " |")
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Read the pages that the command line names, and print the table."""
    pages = {}
    for argument in arguments:
        name, _, files = argument.partition("=")
        article, _, key = files.partition(":")
        if not (name and article and key):
            sys.stderr.write(f"{argument}: not of the form NAME=ARTICLE:KEY\n")
            return 2
        pages[name] = (Path(article).read_bytes().decode("utf-8"), load_key(Path(key)))
    if not pages:
        sys.stderr.write("Name at least one page as NAME=ARTICLE:KEY.\n")
        return 2
    sys.stdout.write(table(pages))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
