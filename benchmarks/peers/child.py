"""The process of one engine: commands as JSON lines on stdin, replies as JSON lines on stdout.

    python -m peers.child ENGINE DIRECTORY

It ends when stdin does, and takes what it started with it.
"""

import json
import sys
from pathlib import Path
from typing import TextIO

from peers import make_driver
from peers.driver import Driver, digest


def serve(driver: Driver, commands: TextIO, replies: TextIO) -> None:
    """Carry out commands until there are no more."""
    for line in commands:
        command = json.loads(line)
        try:
            reply = carry_out(driver, command)
        except Exception as error:  # noqa: BLE001 -- whatever an engine raises is its result
            reply = {"error": f"{type(error).__name__}: {error}"[:2000]}
        replies.write(json.dumps(reply) + "\n")
        replies.flush()


def carry_out(driver: Driver, command: dict[str, str]) -> dict[str, object]:
    """One command: ``load``, ``open``, ``ask`` or ``state``."""
    match command["do"]:
        case "load":
            return {"seconds": driver.load(Path(command["path"]))}
        case "open":
            driver.open()
            return {}
        case "ask":
            reply = driver.ask(command["query"])
            return {
                "seconds": reply.seconds,
                "rows": len(reply.rows),
                "digest": digest(reply.rows, command["joined_by"]) if command["digest"] else "",
            }
        case "state":
            return {
                "version": driver.version(),
                "persistent": driver.persistent,
                "disk_bytes": driver.disk_bytes(),
                "peak_rss_bytes": driver.peak_rss_bytes(),
            }
        case other:
            raise ValueError(f"no such command: {other}")


if __name__ == "__main__":
    # What an engine may print goes to stderr, and not between the replies.
    answers, sys.stdout = sys.stdout, sys.stderr
    engine = make_driver(sys.argv[1], Path(sys.argv[2]))
    try:
        serve(engine, sys.stdin, answers)
    finally:
        engine.close()
