"""Changes over HTTP: who may, whether the data would still be valid, and what is answered.

One path for all of them. A change is made, looked at and only then committed: its token must be for every
graph that it touches, and nothing that it touches may break the shapes.
"""

import shutil
from collections.abc import Callable

from flask import Request, Response

from conflictkg.access import Caller
from conflictkg.errors import QueryMemoryError, QueryTimeoutError
from conflictkg.shacl.findings import Finding
from conflictkg.shacl.touched import Verdict, review_change
from conflictkg.store import Cancellation, Edit, Proposal, UpdateReport
from conflictkg.web import kinds
from conflictkg.web.access import out_of_scope, require_caller, tokens_of
from conflictkg.web.addresses import address_asked
from conflictkg.web.documents import write_json
from conflictkg.web.etags import names_release
from conflictkg.web.negotiate import is_wanted
from conflictkg.web.problems import InvalidChangeError, RequestError
from conflictkg.web.protocol import Asked
from conflictkg.web.running import watched
from conflictkg.web.site import Site

_LEAST_FREE_BYTES = 256 << 20
"""Room on the disk without which no write begins: the commit must not be what finds it full."""


def has_room(site: Site) -> bool:
    """Whether there is room on the disk for a change."""
    folder = site.store.directory
    return not folder.is_dir() or shutil.disk_usage(folder).free >= _LEAST_FREE_BYTES


class Change:
    """One change by one caller, from the request to its answer.

    Args:
        site: The site.
        request: What came.
        what: What it does, for the journal.

    Raises:
        RequestError: Nothing can be changed here, or not by this one.
    """

    def __init__(self, site: Site, request: Request, what: str) -> None:
        if not site.settings.editable:
            raise RequestError(
                kinds.UPDATES_DISABLED,
                "this server answers questions and changes nothing. Start one with --editable, or change "
                "the files under data/ and build again.",
            )
        self._site, self._request = site, request
        self.caller: Caller = require_caller(request, tokens_of(site.settings))
        if not self.caller.may_write_something:
            raise out_of_scope(self.caller, [""])
        self._what = what
        self._only: str | None = None
        self._found: str | None = None
        self._verdict = Verdict()

    def require_scope(self, graph: str) -> None:
        """Refuse early what would be refused in the end."""
        if not self.caller.may_write(graph):
            raise out_of_scope(self.caller, [graph])

    def require_only(self, graph: str) -> None:
        """Refuse the change if it does something to another graph."""
        self._only = graph

    def require_unchanged(self, release: str) -> None:
        """Refuse the change unless the store is still of a release, for which something was found to hold."""
        self._found = release

    def run(self, act: Callable[[Edit, Cancellation], UpdateReport], status: int = 204) -> Response:
        """Do it.

        Args:
            act: Makes the change as the edit that it is given; the second argument has it stopped.
            status: Of the answer.
        """
        self._require_room()
        edit = Edit(
            by=self.caller.name,
            comment=self._request.headers.get("Conflictkg-Comment", self._what)[:500],
            review=self._review,
            expected=self._expected(),
        )
        try:
            with watched(self._what) as cancellation:
                report = act(edit, cancellation)
        except InvalidChangeError as error:
            if not is_wanted(self._request.headers.get("Accept"), "text/turtle"):
                raise
            return _report(error)
        except QueryTimeoutError as error:
            raise RequestError(
                kinds.UPDATE_TIMEOUT,
                f"the update was stopped after {error.deadline_s:g} s, its deadline, and changed nothing. Ask for "
                "less at once.",
                fields={"timeoutSeconds": error.deadline_s},
            ) from error
        except QueryMemoryError as error:
            raise RequestError(
                kinds.UPDATE_MEMORY,
                f"the update changed nothing: {error.limit}. Ask for less at once.",
            ) from error
        return self._answer(report, status)

    def _require_room(self) -> None:
        if not has_room(self._site):
            raise RequestError(
                kinds.DISK_FULL,
                "the disk of the server is nearly full, so nothing is changed. Whoever runs it must make room.",
            )

    def _expected(self) -> str | None:
        """The release that the client has seen, if it says so."""
        header = self._request.headers.get("If-Match")
        if header is None or header.strip() == "*":
            return self._found
        release = self._site.store.release
        return release if names_release(header, release) else header.strip()[:200]

    def _review(self, proposal: Proposal) -> None:
        refused = sorted(each for each in proposal.graphs() if not self.caller.may_write(each))
        if refused:
            raise out_of_scope(self.caller, refused)
        others = proposal.graphs() - {self._only}
        if self._only is not None and others:
            raise RequestError(
                kinds.BAD_REQUEST,
                f"a patch of <{self._only or 'default'}> changes that graph only, and this one changes "
                f"<{min(others) or 'default'}> too. Send it to /sparql.",
            )
        self._verdict = review_change(proposal)
        if not self._verdict.is_valid:
            raise InvalidChangeError(
                [_describe(each) for each in self._verdict.violations], self._verdict.turtle()
            )

    def _answer(self, report: UpdateReport, status: int) -> Response:
        warnings = self._verdict.warnings
        if warnings:
            found = [_describe(each) for each in warnings]
            told = {"added": report.added, "removed": report.removed, "findings": found}
            # No body goes with 204.
            response = write_json(told, 200 if status == 204 else status)
            response.headers["Conflictkg-Warnings"] = str(len(warnings))
        else:
            response = Response(status=status)
            del response.headers["Content-Type"]  # there is nothing in it
        response.headers["Conflictkg-Validation"] = "whole" if self._verdict.is_whole else "partial"
        response.headers["Conflictkg-Release"] = self._site.store.release
        response.headers["Conflictkg-Added"] = str(report.added)
        response.headers["Conflictkg-Removed"] = str(report.removed)
        response.headers["Cache-Control"] = "no-store"
        return response


def _report(error: InvalidChangeError) -> Response:
    """The refusal as the SHACL report itself, for whoever asks for Turtle; its type is linked."""
    kind = error.kind
    response = Response(error.report, kind.status, content_type="text/turtle; charset=utf-8")
    response.headers["Link"] = f'</problems/{kind.slug}>; rel="type"'
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("Accept")
    return response


def _describe(finding: Finding) -> dict[str, object]:
    """A finding as a JSON object; what it does not say is left out."""
    parts = {
        "severity": finding.severity.label,
        "focus": str(finding.focus),
        "path": finding.path,
        "value": None if finding.value is None else str(finding.value),
        "message": finding.message,
        "shape": str(finding.shape),
        "component": str(finding.component),
    }
    return {name: value for name, value in parts.items() if value}


def run_update(site: Site, request: Request, asked: Asked) -> Response:
    """Answer a SPARQL update request."""
    change = Change(site, request, "SPARQL update")
    return change.run(
        lambda edit, cancellation: site.store.update(
            asked.update or "",
            deadline_s=site.settings.query_timeout_s,
            using_graphs=asked.default_graphs,
            using_named_graphs=asked.named_graphs,
            base_iri=address_asked(),
            edit=edit,
            cancellation=cancellation,
        )
    )
