"""The W3C's tests of the SPARQL protocol, the graph store protocol and service descriptions, over a real server."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from served import served
from shared_files import shared
from writing_support import editable_server

from conflictkg.config import Settings

PASSED = re.compile(r"^(protocol|gsp|service-description|extra): (\d+) passed, (\d+) failed", re.M)


def test_w3c_protocol_tests_all_pass(tmp_path: Path) -> None:
    """Each W3C test that there is, and the runner's own checks of refusals and formats."""
    runner = shared("suites/run_protocol.py")
    pytest.importorskip("requests")
    with editable_server(tmp_path) as server:
        token = server.writer["Authorization"].removeprefix("Bearer ")
        with served(server.client.application, Settings(editable=True)) as address:
            found = subprocess.run(
                [
                    *(sys.executable, str(runner), "--token", token),
                    *("--query-url", f"{address}/sparql", "--update-url", f"{address}/sparql"),
                    *("--gsp-url", f"{address}/rdf-graph-store"),
                ],
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
    failed = [line for line in found.stdout.splitlines() if line.startswith("FAIL")]
    counts = {name: (int(passed), int(bad)) for name, passed, bad in PASSED.findall(found.stdout)}
    assert not failed, failed
    assert counts == {
        "protocol": (34, 0),
        "gsp": (13, 0),
        "service-description": (3, 0),
        "extra": (16, 0),
    }
