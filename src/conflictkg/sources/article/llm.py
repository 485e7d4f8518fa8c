"""An extractor behind any OpenAI-compatible chat endpoint, and the guard over what it answers.

A language model proposes, the text decides: an assertion is kept only where its quotation stands word for word
in a part of the page that may yield assertions, and where its kind, predicate, status and value go together.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpx
from pydantic import ValidationError

from conflictkg.errors import SourceError
from conflictkg.sources.article.annotations import Annotations, Document, sha256_of
from conflictkg.sources.article.draft import Draft, Source, Value
from conflictkg.sources.article.lexicon import key_of
from conflictkg.sources.article.llmschema import Answer, Proposal, answer_schema, instructions
from conflictkg.sources.article.mentions import Name
from conflictkg.sources.article.predicates import load_predicates
from conflictkg.sources.article.zones import Block, split_blocks, zones_of

ATTEMPTS = 4
FIRST_PAUSE_S = 1.0
TIMEOUT_S = 120.0
PIECE_CHARACTERS = 6_000
_READABLE = ("headline", "body", "author-bio")
_AGAIN = frozenset({408, 409, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the model is asked.

    Args:
        url: Base address (``http://127.0.0.1:8080/v1``) or the full one that ends in ``/chat/completions``.
        model: The model's name there.
        key: The key, if one is needed; it is sent to that address only and never shown.
        sleep: Waits between attempts, in seconds; tests give one that does not.
    """

    url: str
    model: str
    key: str | None = None
    sleep: Callable[[float], None] = time.sleep

    @property
    def address(self) -> str:
        """The address that is posted to."""
        base = self.url.rstrip("/")
        return base if base.endswith("/chat/completions") else f"{base}/chat/completions"


@dataclass(slots=True)
class Guarded:
    """Annotations that passed the guard, and why others did not."""

    annotations: Annotations
    kept: int = 0
    dropped: Counter[str] = field(default_factory=Counter)

    def summary(self) -> str:
        """One line for the user.

        >>> Guarded.__doc__ is not None
        True
        """
        total = self.kept + sum(self.dropped.values())
        reasons = ", ".join(f"{n} {reason}" for reason, n in sorted(self.dropped.items()))
        return f"kept {self.kept} of {total} proposed assertions" + (
            f"; dropped: {reasons}" if reasons else ""
        )


def extract_with_model(text: str, endpoint: Endpoint) -> Guarded:
    """Let a model read an article, piece by piece, and keep what the text bears out.

    Raises:
        SourceError: The endpoint cannot be reached, refuses, or does not answer in the agreed form.
    """
    blocks = split_blocks(text)
    draft = Draft(text)
    result = Guarded(annotations=_annotations(text, blocks, draft))
    with httpx.Client(timeout=TIMEOUT_S, trust_env=False) as client:
        for start, end in pieces(blocks):
            for proposal in _ask(client, endpoint, text[start:end]).assertions:
                reason = _admit(text, blocks, draft, proposal, start, end)
                if reason:
                    result.dropped[reason] += 1
                else:
                    result.kept += 1
    result.annotations = _annotations(text, blocks, draft)
    return result


def _annotations(text: str, blocks: tuple[Block, ...], draft: Draft) -> Annotations:
    digest = sha256_of(text)
    return Annotations(
        document=Document(text_sha256=digest, characters=len(text), title=f"Article {digest[:16]}"),
        zones=zones_of(text, blocks),
        nodes=draft.nodes(),
        assertions=draft.assertions(),
    )


def pieces(blocks: tuple[Block, ...], size: int = PIECE_CHARACTERS) -> Iterator[tuple[int, int]]:
    """Stretches of neighbouring readable paragraphs; each begins with the last paragraph of the one before.

    A stretch never reaches over comments or chrome, and a single longer paragraph is a stretch of its own.
    """
    run: list[Block] = []
    for block in (*blocks, None):
        readable = block is not None and block.zone in _READABLE
        if run and (not readable or (block is not None and block.end - run[0].start > size)):
            yield run[0].start, run[-1].end
            run = run[-1:] if readable and len(run) > 1 else []
        if readable and block is not None:
            run.append(block)


def _ask(client: httpx.Client, endpoint: Endpoint, piece: str) -> Answer:
    body = {
        "model": endpoint.model,
        "temperature": 0,
        "messages": [
            {"role": "system", "content": instructions()},
            {"role": "user", "content": piece},
        ],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "assertions", "strict": True, "schema": answer_schema()},
        },
    }
    headers = {"Authorization": f"Bearer {endpoint.key}"} if endpoint.key else {}
    response = _post(client, endpoint, body, headers)
    return _read(endpoint, response)


def _post(
    client: httpx.Client, endpoint: Endpoint, body: dict[str, object], headers: dict[str, str]
) -> httpx.Response:
    problem = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            endpoint.sleep(FIRST_PAUSE_S * 2 ** (attempt - 1))
        try:
            response = client.post(endpoint.address, json=body, headers=headers)
        except httpx.TimeoutException:
            problem = f"did not answer within {TIMEOUT_S:g} s"
            continue
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            problem = f"cannot be reached ({error})"
            continue
        if response.status_code in (401, 403):
            raise SourceError(
                f"refuses access (status {response.status_code}). Name the environment variable that "
                "holds a valid key with --llm-key-env.",
                source=endpoint.address,
            )
        if response.status_code in _AGAIN:
            problem = f"answers with status {response.status_code}"
            continue
        if response.status_code != 200:
            raise SourceError(
                f"answers with status {response.status_code}: {response.text[:200]!r}. Check --llm-url and "
                "--llm-model, and that the server knows response_format json_schema.",
                source=endpoint.address,
            )
        return response
    raise SourceError(
        f"{problem}, {ATTEMPTS} times. Check --llm-url and that the server runs; "
        "--extractor rules needs none.",
        source=endpoint.address,
    )


def _read(endpoint: Endpoint, response: httpx.Response) -> Answer:
    try:
        content = response.json()["choices"][0]["message"]["content"]
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, IndexError, TypeError) as error:
        raise SourceError(
            f"does not answer as a chat completion: {response.text[:120]!r}. Is --llm-url an "
            "OpenAI-compatible endpoint?",
            source=endpoint.address,
        ) from error
    try:
        return Answer.model_validate_json(content if isinstance(content, str) else "")
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "answer"
        raise SourceError(
            f"the model's answer breaks the schema at {place}: {first['msg']}. Use a model and a server "
            "that honour response_format json_schema.",
            source=endpoint.address,
        ) from error


def _admit(
    text: str,
    blocks: tuple[Block, ...],
    draft: Draft,
    proposal: Proposal,
    start: int,
    end: int,
) -> str:
    """Add a proposal to the draft, or say why not.

    Returns:
        The reason it was dropped; empty where it was added.
    """
    row = load_predicates().get(proposal.predicate)
    if row is None:
        return "with an unknown predicate"
    if proposal.kind not in row.kinds:
        return "with a predicate that does not go with the kind"
    if not proposal.quote.strip():
        return "without quotation"
    found = text.find(proposal.quote, start, end)
    if found < 0:
        return "not verbatim in the text"
    stop = found + len(proposal.quote)
    if not any(b.zone in _READABLE and b.start <= found and stop <= b.end for b in blocks):
        return "not within one paragraph of the article"
    value = _value(draft, proposal, row.value)
    if value is None:
        return f"without the value that the predicate needs ({row.value})"
    subject = draft.named(proposal.subject.type, _name(proposal.subject.name))
    speakers = tuple(draft.named("organization", _name(n)) for n in proposal.attributed_to)
    if proposal.status == "attributed-claim" and not speakers:
        return "attributed to nobody"
    draft.add(
        proposal.kind,
        subject,
        proposal.predicate,
        value,
        (found, stop),
        "llm.model",
        Source(proposal.status, speakers),
        negated=proposal.negated,
    )
    return ""


def _name(printed: str) -> Name:
    return Name(key_of(printed), printed)


def _value(draft: Draft, proposal: Proposal, kind: str) -> Value | None:
    if kind == "node":
        thing = proposal.object
        return draft.named(thing.type, _name(thing.name)) if thing else None
    if kind == "date":
        return proposal.date.as_value() if proposal.date else None
    if kind == "count":
        return proposal.count.as_value() if proposal.count else None
    return (proposal.text if kind == "text" else proposal.concept) or None
