"""Numbers of dead and wounded."""

import re

from conflictkg.sources.article.annotations import CountValue
from conflictkg.sources.article.families.events import event_of, event_told
from conflictkg.sources.article.families.frames import frame
from conflictkg.sources.article.mentions import Amount
from conflictkg.sources.article.patterns import Match
from conflictkg.sources.article.reading import Reading, Sentence


@frame("injuring")
def injuring(reading: Reading, sentence: Sentence, match: Match) -> None:
    """Somebody was wounded, or taken."""
    victim = match.part("victims")
    if victim is None or not reading.is_asserted(sentence, match.start, match.end):
        return
    node = event_of(reading, sentence, event_told(sentence, match))
    number = victim.part("n") or (victim if victim.type == "count" else None)
    if number is None or not isinstance(number.value, Amount):
        return
    value = count_value(number.value, match.rule.option("category", "injured"))
    source = reading.source_at(sentence, match.start, match.end)
    reading.draft.add(
        "casualty", node, "count", value, (match.start, match.end), match.rule.name, source
    )


def count_value(amount: Amount, category: str, rule: str | None = None) -> CountValue:
    """An amount as a count of a category."""
    return CountValue(
        of=category,
        low=amount.low,
        best=amount.best,
        high=amount.high,
        vague=amount.vague,
        rule=rule,
    )


@frame("casualty count")
def casualty_count(reading: Reading, sentence: Sentence, match: Match) -> None:
    """A number of dead whose noun says little: "killing as many as 32", "left 12 dead"."""
    number = match.part("n")
    if number is None or not isinstance(number.value, Amount):
        return
    if not reading.is_asserted(sentence, number.start, match.end):
        return
    node = event_of(reading, sentence, event_told(sentence, match))
    category = category_of(match.words.get("noun", ""))
    value = count_value(number.value, category)
    span = match.spans.get("span", (match.start, match.end))
    source = reading.source_at(sentence, *span)
    reading.draft.add("casualty", node, "count", value, span, match.rule.name, source)


def category_of(noun: str) -> str:
    """The count category that a noun of the killed names."""
    words = noun.casefold()
    if "civilian" in words and re.search("soldier|security|police|troop", words):
        return "killed-civilians-and-security-forces"
    if re.search("civilian|villager|resident|worshipper|bystander", words):
        return "killed-civilians"
    if re.search("child|boy|girl", words):
        return "killed-children"
    if "leader" in words and "operative" in words:
        return "killed-leaders-and-operatives"
    if re.search("leader|commander|emir", words):
        return "killed-leaders"
    return "killed"
