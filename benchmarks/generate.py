"""Write data of our model's shape, in any size, from a seed.

    python benchmarks/generate.py --quads 3500000 --seed 1 -o build/bench/3.5M.nt

A name that ends in ``.nq`` gets one named graph a source; one that ends in ``.nt`` the same triples
without graphs. No triple stands in two graphs, so both have the same number of lines.
"""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
from synthetic.dice import Dice
from synthetic.registry import Registry
from synthetic.strikes import Strikes
from synthetic.terms import Block

QUADS_A_STRIKE = 145
"""About how many, with all that a strike's sources claim; the registry is sized by it."""

_PIECE = 1 << 22


def iter_blocks(quads: int, seed: int) -> Iterator[Block]:
    r"""Blocks of at least that many quads together: it stops after the strike that reaches them.

    >>> blocks = list(iter_blocks(20_000, seed=1))
    >>> sum(block.text.count("\n") for block in blocks) >= 20_000
    True
    """
    dice = Dice(seed)
    registry = Registry(strikes=max(1, quads // QUADS_A_STRIKE), dice=dice)
    written = 0
    for block in registry.blocks():
        written += block.text.count("\n")
        yield block
    for blocks in Strikes(registry, dice, seed).blocks():
        for block in blocks:
            written += block.text.count("\n")
            yield block
        if written >= quads:
            return


def iter_pieces(quads: int, seed: int, *, graphs: bool) -> Iterator[str]:
    """N-Quads or N-Triples, in pieces of some megabytes."""
    piece: list[str] = []
    size = 0
    for block in iter_blocks(quads, seed):
        text = block.text
        if graphs:
            text = text.replace(" .\n", f" <{block.graph}> .\n")
        piece.append(text)
        size += len(text)
        if size > _PIECE:
            yield "".join(piece)
            piece.clear()
            size = 0
    yield "".join(piece)


def write(path: Path, quads: int, seed: int) -> int:
    """Write the file whole or not at all.

    Returns:
        How many quads it has.
    """
    graphs = path.suffix == ".nq"
    partial = path.with_name(path.name + ".partial")
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = 0
    with partial.open("wb", buffering=0) as file:
        for piece in iter_pieces(quads, seed, graphs=graphs):
            lines += piece.count("\n")
            file.write(piece.encode())
    os.replace(partial, path)  # noqa: PTH105 -- one rename, over what is there
    return lines


@click.command(help=__doc__)
@click.option("--quads", type=click.IntRange(min=1), required=True, help="At least so many.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed, other data.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help=".nt or .nq",
)
def main(quads: int, seed: int, output: Path) -> None:
    """Write a file and say what it took."""
    if output.suffix not in {".nt", ".nq"}:
        raise click.BadParameter(f"{output}: must end in .nt or .nq", param_hint="-o")
    start = time.perf_counter()
    lines = write(output, quads, seed)
    seconds = time.perf_counter() - start
    sys.stderr.write(
        f"{output}: {lines:,} quads, {output.stat().st_size / 1e6:,.0f} MB, {seconds:.1f} s\n"
    )


if __name__ == "__main__":
    main()
