"""From rules that fit to assertions: each frame is one small function, found by its name."""

from collections.abc import Callable

from conflictkg.errors import SourceError
from conflictkg.sources.article.patterns import Match, find, load_rules
from conflictkg.sources.article.reading import Reading, Sentence

Frame = Callable[[Reading, Sentence, Match], None]
_FRAMES: dict[str, Frame] = {}


def frame(name: str) -> Callable[[Frame], Frame]:
    """Register a function as the frame that rules name with ``frame = "name"``."""

    def register(function: Frame) -> Frame:
        _FRAMES[name] = function
        return function

    return register


def run_rules(reading: Reading, stage: str, zone: str = "") -> None:
    """Let the rules of a stage run over every sentence that tells something.

    Args:
        reading: The article.
        stage: Folder of rule files under ``rules/``.
        zone: Only sentences of this zone; by default those of headline and body that are no headings.

    Raises:
        SourceError: A rule names a frame that does not exist.
    """
    for rule in load_rules(stage):
        if rule.frame not in _FRAMES:
            known = ", ".join(sorted(_FRAMES))
            raise SourceError(f'rule {rule.name} names frame "{rule.frame}". Known: {known}')
    for sentence in reading.sentences:
        if sentence.block.zone != zone if zone else not sentence.is_narrative:
            continue
        for rule in load_rules(stage):
            over = rule.option("over")
            encoded = {"names": sentence.names, "phrases": sentence.phrases}.get(
                over, sentence.encoded
            )
            for match in find(rule, encoded):
                _FRAMES[rule.frame](reading, sentence, match)
