"""Write what was measured as Markdown, and how time grows with size as a picture.

    python benchmarks/report.py build/bench/results.json -o build/bench/report.md --picture build/bench/growth.png

A question that was stopped counts with the time after which it was, as the least it took; one that failed
or was not asked counts in no mean. What differs between engines is listed, never left out.
"""

import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from questionnaire import Question, load_questions

_BASES = ("ours", "virtuoso")


@dataclass(frozen=True, slots=True)
class Time:
    """What a question took.

    Args:
        seconds: Best of all runs; of a stopped one, the seconds after which it was.
        stopped: Whether it was.
    """

    seconds: float
    stopped: bool = False

    def __str__(self) -> str:
        if self.stopped:
            return f"stopped after {self.seconds:g} s"
        milliseconds = self.seconds * 1000
        return f"{milliseconds:,.2f}" if milliseconds < 10 else f"{milliseconds:,.0f}"


@dataclass(frozen=True, slots=True)
class Size:
    """Results of all engines with one data set."""

    quads: int
    data_bytes: int
    engines: dict[str, dict[str, Any]]

    def measured(self) -> list[str]:
        """Engines that answered anything."""
        return [name for name, result in self.engines.items() if result.get("questions")]

    def answer(self, engine: str, question: str) -> dict[str, Any]:
        """What is known of one question; nothing if it was not asked."""
        answers: dict[str, dict[str, Any]] = self.engines.get(engine, {}).get("questions", {})
        return answers.get(question, {})

    def time(self, engine: str, question: str) -> Time | None:
        """What it took, if it was answered or stopped."""
        answer = self.answer(engine, question)
        if "best_s" in answer:
            return Time(answer["best_s"])
        if "stopped" in answer:
            return Time(answer["timeout_s"], stopped=True)
        return None


@dataclass(frozen=True, slots=True)
class Mean:
    """A geometric mean of ratios.

    Args:
        value: The mean.
        questions: Of how many.
        bounded: Which way stopped questions make it a bound: ``≥``, ``≤``, or nothing.
    """

    value: float
    questions: int
    bounded: str

    def __str__(self) -> str:
        return f"{self.bounded}{self.value:.3g} ({self.questions})"


def load_sizes(path: Path) -> list[Size]:
    """Results, the smallest data first."""
    sizes = json.loads(path.read_text(encoding="utf-8"))["sizes"]
    found = [Size(int(quads), each["data_bytes"], each["engines"]) for quads, each in sizes.items()]
    return sorted(found, key=lambda size: size.quads)


def mean_ratio(size: Size, over: str, under: str, questions: Iterable[Question]) -> Mean | None:
    """Geometric mean of one engine's time by another's, over the questions that both have a time for."""
    logs: list[float] = []
    bounds: set[str] = set()
    for question in questions:
        one, other = size.time(over, question.name), size.time(under, question.name)
        if one is None or other is None or (one.stopped and other.stopped):
            continue
        logs.append(math.log(one.seconds / other.seconds))
        if one.stopped:
            bounds.add("≥")
        if other.stopped:
            bounds.add("≤")
    if not logs:
        return None
    bounded = bounds.pop() if len(bounds) == 1 else "~" if bounds else ""
    return Mean(math.exp(sum(logs) / len(logs)), len(logs), bounded)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; all but the first column are figures."""
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _cell(size: Size, engine: str, question: str) -> str:
    time = size.time(engine, question)
    if time is not None:
        return str(time)
    return "failed" if "failed" in size.answer(engine, question) else ""


def _ratio(size: Size, over: str, under: str, question: str) -> str:
    one, other = size.time(over, question), size.time(under, question)
    if one is None or other is None or (one.stopped and other.stopped):
        return ""
    sign = "≥" if one.stopped else "≤" if other.stopped else ""
    return f"{sign}{one.seconds / other.seconds:.3g}"


def _pairs(engines: Sequence[str]) -> list[tuple[str, str]]:
    """Which engine is divided by which: each peer by ours; where ours is not there, by another."""
    base = next((each for each in _BASES if each in engines), engines[0])
    return [(each, base) for each in engines if each != base]


def times_section(size: Size, questions: Sequence[Question]) -> str:
    """Milliseconds of each question."""
    engines = size.measured()
    if not engines:
        return ""
    pairs = _pairs(engines)
    head = ["question", "kind", "rows", *engines, *(f"{one} ÷ {other}" for one, other in pairs)]
    rows = []
    for question in questions:
        answered = [size.answer(engine, question.name) for engine in engines]
        counts = sorted({f"{each['rows']:,}" for each in answered if "rows" in each})
        rows.append(
            [
                f"{question.name}{'¹' if question.one_class else ''}",
                question.kind,
                " or ".join(counts),
                *(_cell(size, engine, question.name) for engine in engines),
                *(_ratio(size, one, other, question.name) for one, other in pairs),
            ]
        )
    return table(head, rows) + "\nMilliseconds, best of the runs. ¹ Aggregates over one class.\n"


def means_section(size: Size, questions: Sequence[Question]) -> str:
    """Geometric means of ratios."""
    engines = size.measured()
    if len(engines) < 2:
        return ""
    kinds: list[tuple[str, Callable[[Question], bool]]] = [
        ("all", lambda _: True),
        ("aggregates", lambda question: question.kind == "aggregate"),
        ("aggregates over one class", lambda question: question.one_class),
        ("all others", lambda question: question.kind != "aggregate"),
    ]
    rows = []
    for name, belongs in kinds:
        chosen = [question for question in questions if belongs(question)]
        means = [mean_ratio(size, one, other, chosen) for one, other in _pairs(engines)]
        rows.append([name, *("" if mean is None else str(mean) for mean in means)])
    head = ["geometric mean of times over", *(f"{a} ÷ {b}" for a, b in _pairs(engines))]
    return table(head, rows) + "\nIn brackets: over how many questions.\n"


def load_section(size: Size) -> str:
    """Seconds, disk and memory of loading, and memory of the questions."""
    rows = []
    for engine, result in size.engines.items():
        load = result.get("load")
        if load is None:
            rows.append([engine, result.get("left_out", result.get("failed", "")), "", "", "", ""])
            continue
        per_second = size.quads / load["seconds"]
        rows.append(
            [
                load["version"],
                f"{load['seconds']:,.1f}",
                f"{per_second:,.0f}",
                f"{load['disk_bytes'] / 1e6:,.0f}",
                f"{load['peak_rss_bytes'] / 1e6:,.0f}",
                f"{result.get('peak_rss_bytes', 0) / 1e6:,.0f}",
            ]
        )
    head = ["", "load, s", "quads/s", "disk, MB", "peak memory of load, MB", "of questions, MB"]
    return table(head, rows) + f"\nThe N-Triples file has {size.data_bytes / 1e6:,.0f} MB.\n"


def differences(size: Size, questions: Sequence[Question]) -> list[str]:
    """What did not go as it should, one sentence each."""
    found = []
    for question in questions:
        groups: dict[tuple[int, str], list[str]] = {}
        for engine in size.measured():
            answer = size.answer(engine, question.name)
            if "rows" in answer:
                groups.setdefault((answer["rows"], answer["digest"]), []).append(engine)
            for outcome in ("failed", "stopped"):
                if outcome in answer:
                    reason = " ".join(answer[outcome].split())[:200]
                    found.append(f"- `{question.name}`, {engine}: {outcome}. {reason}")
        if len(groups) > 1:
            parts = [f"{', '.join(names)}: {rows:,} rows" for (rows, _), names in groups.items()]
            found.append(f"- `{question.name}`: **answers differ**. {'; '.join(parts)}.")
    return found


def machines(sizes: Sequence[Size]) -> str:
    """What was measured where and when, and how busy the machine was."""
    lines = []
    for size in sizes:
        for engine in size.measured():
            result = size.engines[engine]
            seen = result["machine"]
            lines.append(
                f"- {engine}, {size.quads:,} quads: {seen['cpu']}, {seen['cores']} cores, "
                f"{seen['memory_bytes'] / 2**30:.0f} GiB, {seen['system']}, Python {seen['python']}, "
                f"{seen['date']}, load average before {seen['load_before']:.2f}"
            )
    return "\n".join(lines) + "\n"


def write_report(sizes: Sequence[Size], questions: Sequence[Question], picture: str) -> str:
    """The whole report."""
    parts = ["# Benchmark\n"]
    if picture:
        parts.append(f"![time against size, a panel a question]({picture})\n")
    for size in sizes:
        parts += [
            f"## {size.quads:,} quads\n",
            means_section(size, questions),
            times_section(size, questions),
            load_section(size),
            "### What differs, failed or was stopped\n",
            "\n".join(differences(size, questions))
            or "Nothing: all engines gave the same answers.",
            "",
        ]
    parts += ["## Machine\n", machines(sizes)]
    return "\n".join(part for part in parts if part is not None)


def growth(sizes: Sequence[Size], questions: Sequence[Question], path: Path) -> None:
    """Draw time against size, both logarithmic, one panel a question, one line an engine.

    The dotted grey lines are proportional to size: what climbs more steeply grows faster than the data.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt
    from matplotlib.lines import Line2D
    from matplotlib.ticker import NullFormatter

    engines = sorted({engine for size in sizes for engine in size.measured()})
    colours = dict(zip(engines, plt.rcParams["axes.prop_cycle"].by_key()["color"], strict=False))
    columns = 6
    lines = math.ceil(len(questions) / columns)
    figure, axes = plt.subplots(
        lines, columns, figsize=(columns * 3, lines * 2.4), sharex=True, sharey=True
    )
    for axis, question in zip(axes.flat, questions, strict=False):
        axis.set_title(question.name, fontsize=8)
        axis.set_xscale("log")
        axis.set_yscale("log")
        axis.tick_params(labelsize=7)
        axis.xaxis.set_minor_formatter(NullFormatter())
        axis.yaxis.set_minor_formatter(NullFormatter())
        axis.grid(visible=True, which="major", linewidth=0.3)
        for start in (0.01, 1, 100):
            guide = [start * size.quads / sizes[0].quads for size in sizes]
            axis.plot([size.quads for size in sizes], guide, ":", lw=0.7, color="grey")
        for engine in engines:
            times = [(size.quads, size.time(engine, question.name)) for size in sizes]
            answered = [
                (quads, time.seconds * 1000) for quads, time in times if time and not time.stopped
            ]
            stopped = [
                (quads, time.seconds * 1000) for quads, time in times if time and time.stopped
            ]
            if answered:
                axis.plot(*zip(*answered, strict=True), "o-", ms=3, lw=1, color=colours[engine])
            if stopped:
                axis.plot(*zip(*stopped, strict=True), "x", ms=6, color=colours[engine])
    for axis in list(axes.flat)[len(questions) :]:
        axis.set_visible(False)
    handles = [
        Line2D([], [], color=colours[engine], marker="o", ms=3, lw=1, label=engine)
        for engine in engines
    ]
    figure.legend(handles=handles, loc="lower right", fontsize=10)
    figure.supxlabel("quads", fontsize=10)
    figure.supylabel("milliseconds; × stopped", fontsize=10)
    figure.tight_layout(rect=(0.01, 0.01, 1, 1))
    figure.savefig(path, dpi=110)
    plt.close(figure)


@click.command(help=__doc__)
@click.argument("results", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Markdown; default: stdout.",
)
@click.option(
    "--picture", type=click.Path(path_type=Path, dir_okay=False), help="PNG of the growth."
)
def main(results: Path, output: Path | None, picture: Path | None) -> None:
    """Write the report."""
    sizes = load_sizes(results)
    questions = load_questions()
    if picture is not None:
        growth(sizes, questions, picture)
    text = write_report(sizes, questions, picture.name if picture else "")
    if output is None:
        click.echo(text)
    else:
        output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
