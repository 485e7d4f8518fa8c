"""How far a long command is, on stderr: a bar for people, a line a step for files."""

import sys
import time
from types import TracebackType
from typing import Self

import click

from conflictkg.store.loading import Progress


class ShownProgress:
    """Shows how far a load is for as long as the block runs."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._step = ""
        self._width = 0
        self._timed_step, self._since = "", 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._wipe()

    def tell(self, line: str) -> None:
        """A line that stays, in place of what was shown last."""
        self._wipe()
        click.echo(line, err=True)

    def _wipe(self) -> None:
        if self._is_terminal and self._width:
            click.echo(f"\r{' ' * self._width}\r", nl=False, err=True)
            self._width = 0

    def show(self, progress: Progress) -> None:
        """How far a load is that knows how much there is."""
        text = f"{progress.step}: {progress.quads:,} quads, {progress.seconds:.0f} s"
        if progress.step == "read":
            text += f", {progress.rate:,.0f} quads/s"
        self._show(progress.step, progress.part, text)

    def show_files(self, done: int, total: int, quads: int) -> None:
        """How far a load is that knows how many files there are."""
        self._show("read", done / total, f"read: {done} of {total} files, {quads:,} quads")

    def show_part(self, step: str, part: float | None, text: str) -> None:
        """How far something is of which nobody knows more; the time left follows from the part that is done."""
        if step != self._timed_step:
            self._timed_step, self._since = step, time.monotonic()
        passed_s = time.monotonic() - self._since
        if part and passed_s > 1:
            text += f", {passed_s * (1 - part) / part:.0f} s left"
        self._show(step, part, f"{step}: {text}" if text else step)

    def show_step(self, step: str) -> None:
        """What is being done, where nobody knows for how long."""
        self._show(step, None, step)

    def _show(self, step: str, part: float | None, text: str) -> None:
        if not self._is_terminal:
            if step != self._step:
                click.echo(f"conflictkg: {step}", err=True)
            self._step = step
            return
        if part is not None:
            filled = int(part * 20)
            text = f"[{'#' * filled}{'.' * (20 - filled)}] {text}"
        click.echo(f"\r{text:<{self._width}}", nl=False, err=True)
        self._width = max(self._width, len(text))
