"""Load the same data into several engines, ask all the same questions, write down what it took.

    python benchmarks/run.py --sizes 3500000 --engines ours,pyoxigraph,virtuoso,rdflib -o build/bench/results.json
    python benchmarks/report.py build/bench/results.json

Data and loaded databases stay below the folder of the results, and are used again if they are there.
A result replaces the earlier one of the same size and engine; others stay, so engines can be measured
one at a time. Each question is asked once to warm up, then five times; the best counts. A question that is
not answered in time kills the engine's process and is written down as stopped.
"""

import datetime
import hashlib
import json
import os
import platform
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from generate import write
from peers import MODULES
from peers.process import EngineError, EngineProcess, StoppedError
from questionnaire import Question, load_questions

LOAD_TIMEOUT_S = 3 * 3600.0
_TAIL = 1 << 20


@dataclass(frozen=True, slots=True)
class Plan:
    """How to measure.

    Args:
        timeout_s: Seconds after which one question is stopped.
        repeat: Runs after the warm-up.
        budget_s: Seconds after which a question is not repeated any more.
        rdflib_most: Quads up to which rdflib takes part.
    """

    timeout_s: float
    repeat: int
    budget_s: float
    rdflib_most: int


def say(text: str) -> None:
    """Progress, on stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def machine() -> dict[str, Any]:
    """What it was measured on, and how busy that was."""
    cpu = platform.processor()
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            cpu = line.partition(":")[2].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "memory_bytes": memory,
        "system": platform.platform(),
        "python": platform.python_version(),
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "load_before": os.getloadavg()[0],
    }


def data_for(folder: Path, quads: int, seed: int) -> Path:
    """The N-Triples file of that size, written if it is not there yet."""
    path = folder / f"{quads}-{seed}.nt"
    if not path.exists():
        say(f"writing {path}")
        write(path, quads, seed)
    return path


def fingerprint(path: Path) -> str:
    """Enough of a file to see that a loaded database is of other data."""
    with path.open("rb") as file:
        head = file.read(_TAIL)
        file.seek(max(0, path.stat().st_size - _TAIL))
        tail = file.read()
    return hashlib.sha256(head + tail).hexdigest()[:16] + f"-{path.stat().st_size}"


class Session:
    """One engine with one data set; started again when a question killed it."""

    def __init__(self, engine: str, directory: Path, data: Path) -> None:
        self._engine = engine
        self._directory = directory
        self._data = data
        self.process = EngineProcess(engine, directory)

    def load(self, *, again: bool) -> dict[str, Any]:
        """Load, or open what was loaded; what the loading took, then or now."""
        note = self._directory / "loaded.json"
        mark = fingerprint(self._data)
        if note.exists() and not again:
            known: dict[str, Any] = json.loads(note.read_text(encoding="utf-8"))
            version = self.process.send(60, do="state")["version"]
            if known["fingerprint"] == mark and known["version"] == version:
                say(f"  loaded before, in {known['seconds']:.1f} s")
                self.process.send(LOAD_TIMEOUT_S, do="open")
                return known
        self.process.close()
        shutil.rmtree(self._directory, ignore_errors=True)
        self._directory.mkdir(parents=True)
        self.process = EngineProcess(self._engine, self._directory)
        before = machine()
        done = self.process.send(LOAD_TIMEOUT_S, do="load", path=str(self._data))
        done |= self.process.send(60, do="state")
        done |= {"fingerprint": mark, "load_before": before["load_before"], "date": before["date"]}
        say(f"  loaded in {done['seconds']:.1f} s")
        if done["persistent"]:
            note.write_text(json.dumps(done, indent=1), encoding="utf-8")
            # Questions are asked of a fresh process, so that its memory is the questions' alone.
            self.process.close()
            self.restart()
        return done

    def restart(self) -> None:
        """Start again after the process is gone."""
        self.process = EngineProcess(self._engine, self._directory)
        if (self._directory / "loaded.json").exists():
            self.process.send(LOAD_TIMEOUT_S, do="open")
        else:
            self.process.send(LOAD_TIMEOUT_S, do="load", path=str(self._data))

    def ask(self, question: Question, plan: Plan) -> dict[str, Any]:
        """Ask once to warm up and some times more."""
        command = {
            "do": "ask",
            "query": question.query,
            "joined_by": question.joined_by,
        }
        try:
            first = self.process.send(plan.timeout_s, **command, digest=question.compare == "rows")
            runs: list[float] = []
            while len(runs) < plan.repeat and sum(runs) < plan.budget_s:
                again = self.process.send(plan.timeout_s, **command, digest=False)
                runs.append(again["seconds"])
        except StoppedError as error:
            self.restart()
            return {"stopped": str(error), "timeout_s": plan.timeout_s}
        except EngineError as error:
            if not self.alive():
                self.restart()
            return {"failed": str(error)}
        return {
            "best_s": min(runs),
            "first_s": first["seconds"],
            "runs_s": runs,
            "rows": first["rows"],
            "digest": first["digest"],
        }

    def alive(self) -> bool:
        """Whether the process still replies."""
        try:
            self.process.send(60, do="state")
        except (EngineError, StoppedError):
            return False
        return True


def measure(
    engine: str,
    directory: Path,
    data: Path,
    questions: tuple[Question, ...],
    plan: Plan,
    *,
    again: bool,
) -> dict[str, Any]:
    """Everything about one engine and one size."""
    session = Session(engine, directory, data)
    result: dict[str, Any] = {"machine": machine(), "questions": {}}
    try:
        result["load"] = session.load(again=again)
        for question in questions:
            answer = session.ask(question, plan)
            result["questions"][question.name] = answer
            took = (
                f"{answer['best_s'] * 1000:10.2f} ms" if "best_s" in answer else str(answer)[:100]
            )
            say(f"  {question.name:36} {took}")
        result["peak_rss_bytes"] = session.process.send(60, do="state")["peak_rss_bytes"]
    except (EngineError, StoppedError) as error:
        say(f"  {error}")
        result["failed"] = str(error)
    finally:
        session.process.close()
    return result


def _sizes(text: str) -> list[int]:
    return [int(each.replace("_", "")) for each in text.split(",") if each]


@click.command(help=__doc__)
@click.option("--sizes", default="350000", show_default=True, help="Quads, several by comma.")
@click.option("--engines", default="ours,pyoxigraph,virtuoso,rdflib", show_default=True)
@click.option(
    "--questions", default="", help="Only these, by comma; they are put to the earlier results."
)
@click.option("--seed", default=1, show_default=True)
@click.option(
    "--timeout", "timeout_s", default=120.0, show_default=True, help="Seconds a question."
)
@click.option("--repeat", default=5, show_default=True, help="Runs after the warm-up.")
@click.option(
    "--budget", "budget_s", default=60.0, show_default=True, help="Seconds of runs a question."
)
@click.option(
    "--rdflib-most", default=350_000, show_default=True, help="Quads up to which rdflib takes part."
)
@click.option("--load-again", is_flag=True, help="Load even what is loaded.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("build/bench/results.json"),
)
def main(
    sizes: str,
    engines: str,
    questions: str,
    seed: int,
    timeout_s: float,
    repeat: int,
    budget_s: float,
    rdflib_most: int,
    load_again: bool,
    output: Path,
) -> None:
    """Measure, and add to the results."""
    plan = Plan(timeout_s, repeat, budget_s, rdflib_most)
    chosen = [each for each in engines.split(",") if each]
    if unknown := set(chosen) - MODULES.keys():
        raise click.BadParameter(f"{', '.join(sorted(unknown))}: choose from {', '.join(MODULES)}")
    asked = load_questions(tuple(each for each in questions.split(",") if each))
    folder = output.parent
    folder.mkdir(parents=True, exist_ok=True)
    results: dict[str, Any] = (
        json.loads(output.read_text(encoding="utf-8")) if output.exists() else {"sizes": {}}
    )
    for quads in _sizes(sizes):
        data = data_for(folder, quads, seed)
        size = results["sizes"].setdefault(str(quads), {"engines": {}})
        size |= {"seed": seed, "data_bytes": data.stat().st_size}
        for engine in chosen:
            say(f"{engine}, {quads:,} quads")
            if engine == "rdflib" and quads > plan.rdflib_most:
                reason = f"holds all in memory; asked up to {plan.rdflib_most:,} quads only"
                size["engines"][engine] = {"left_out": reason}
                say(f"  {reason}")
                continue
            directory = folder / "databases" / f"{quads}-{seed}" / engine
            result = measure(engine, directory, data, asked, plan, again=load_again)
            if questions and engine in size["engines"]:
                earlier = size["engines"][engine].get("questions", {})
                result["questions"] = earlier | result["questions"]
            size["engines"][engine] = result
            partial = output.with_name(output.name + ".partial")
            partial.write_text(json.dumps(results, indent=1), encoding="utf-8")
            os.replace(partial, output)  # noqa: PTH105 -- one rename, over what is there


if __name__ == "__main__":
    main()
