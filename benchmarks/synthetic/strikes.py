"""Strikes without end, each with what its sources claim about it; and the articles that tell of some.

A strike that only a dataset tells of has a record of each dataset that counts its dead; one told by
an article has evidence, positions and hashes too. Every direct triple has an accepted claim behind it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import accumulate, count

from synthetic import terms as t
from synthetic.claims import (
    ACCEPTED,
    ATTRIBUTED,
    FACT,
    OPINION,
    UNREVIEWED,
    Told,
    common,
    relation,
)
from synthetic.dice import Dice, zipf
from synthetic.names import COUNTRIES, speech
from synthetic.registry import RELEASES, Registry, Town, named_graph

# Which release tells of strike number n, by n modulo 20; ARTICLE: an article does.
_ARTICLE = -1
_TURNS = (0, 0, 1, 0, 2, 1, 0, _ARTICLE, 0, 3, 1, 5, 0, _ARTICLE, 6, 0, 4, 1, 2, _ARTICLE)
_BOUND_TO = {2: 0, 3: 2, 4: 5}  # release to the only country that it is about

_FIRST_YEAR = 2002
_YEARS = list(
    accumulate(
        (
            2,
            2,
            3,
            4,
            5,
            7,
            12,
            14,
            22,
            18,
            16,
            15,
            19,
            26,
            30,
            33,
            27,
            24,
            21,
            20,
            34,
            36,
            40,
            38,
            30,
        )
    )
)
_MEANS = tuple(
    t.concept("strike-means-" + name)
    for name in (
        "drone",
        "manned-aircraft",
        "unspecified-air",
        "artillery",
        "helicopter",
        "cruise-missile",
    )
)
_LEVELS = tuple(
    t.concept("attribution-level-" + name)
    for name in ("reported", "confirmed", "suspected", "claimed", "disputed")
)
_CATEGORIES = tuple(
    (name, t.concept("count-category-" + name), scale, chance)
    for name, scale, chance in (
        ("killed", 2.0, 1.0),
        ("killed-civilians", 0.6, 0.55),
        ("injured", 1.5, 0.4),
        ("killed-children", 0.3, 0.12),
    )
)
_PRECISIONS = {
    name: t.concept("date-precision-" + name) for name in ("day", "few-days", "month", "unknown")
}
_ISSUE = t.concept("data-issue-spelling-variant")
_BODY = t.concept("zone-body")
_EVENT_TYPE = t.concept("event-type-strike")
_STANCES = tuple(
    t.concept("stance-" + name) for name in ("opposes", "supports", "neutral", "conditional")
)
_TOPICS = tuple(
    t.concept("topic-" + name)
    for name in (
        "drone-strikes",
        "counterterrorism-policy",
        "tribal-areas-policy",
        "intelligence-sharing",
    )
)
_METHODS = tuple(
    t.concept("link-method-" + name) for name in ("date-and-place", "stated-identifier")
)


@dataclass(frozen=True, slots=True)
class When:
    """Bounds of a date and how precise it is."""

    first: str
    last: str
    precision: str

    def lines(self, node: str) -> str:
        """The date as properties of a strike or of a claim about one."""
        text = f"{node} {t.DATE_PRECISION} {_PRECISIONS[self.precision]} .\n"
        if not self.first:
            return text
        first, last = t.date(self.first), t.date(self.last)
        return text + (
            f"{node} {t.EARLIEST_BEGIN} {first} .\n"
            f"{node} {t.LATEST_BEGIN} {last} .\n"
            f"{node} {t.EARLIEST_END} {first} .\n"
            f"{node} {t.LATEST_END} {last} .\n"
        )


class Strikes:
    """All strikes of a seed."""

    def __init__(self, registry: Registry, dice: Dice, seed: int) -> None:
        self._registry = registry
        self._dice = dice
        self._seed = seed
        self._countries = zipf(len(COUNTRIES), 0.9)
        self._towns = [zipf(len(towns), 0.8) for towns in registry.towns]
        self._states = zipf(len(registry.states), 1.2)
        self._groups = zipf(len(registry.groups), 0.9)
        self._lines = [1] * len(RELEASES)
        self._killed = 0
        self._position = 0
        self._evidence_text: list[str] = []

    def blocks(self) -> Iterator[list[t.Block]]:
        """One strike after the other, without end."""
        for number in count(1):
            yield list(self._strike(number))

    def _strike(self, number: int) -> Iterator[t.Block]:
        turn = _TURNS[number % len(_TURNS)]
        dice = self._dice
        if turn == _ARTICLE:
            # Alike for all seeds and sizes, so that a question can name the first one.
            article = t.digest(f"article {number // len(_TURNS)}")
            if number % len(_TURNS) == _TURNS.index(_ARTICLE):
                yield from self._article(article)
            told = self._told_by_article(article, str(number))
        else:
            told, block = self._told_by_release(turn, number)
            yield block
        country = _BOUND_TO.get(turn, -1)
        if country < 0:
            country = dice.weighted(self._countries)
        town = self._registry.towns[country][dice.weighted(self._towns[country])]
        when = self._when(country)
        perpetrator = self._registry.states[dice.weighted(self._states)]
        target = self._registry.groups[dice.weighted(self._groups)]
        node = t.thing("strike", f"{told.path.rpartition('/')[0]}/{100_000 + number}")
        yield from self._told_strike(node, told, town, when, (perpetrator, target))
        yield from self._counts(node, told, turn, number)
        if number % 8 == 0:
            yield from self._told_again(node, turn, number, town, when, (perpetrator, target))

    def _told_by_release(self, release: int, number: int) -> tuple[Told, t.Block]:
        """Who tells, and the record where it stands."""
        name = RELEASES[release]
        line = self._lines[release] = self._lines[release] + 1
        record = t.thing("record", f"{name}/{line}")
        draw = self._dice.draw()
        told = Told(
            graph=t.graph(f"release/{name}"),
            path=f"{name}/{number}",
            maker=self._registry.makers[release],
            origin=record,
            status=FACT if draw < 0.75 else ATTRIBUTED,
            review=ACCEPTED if draw < 0.9 else UNREVIEWED,
            reporter=self._dice.one_of(self._registry.outlets) if draw < 0.25 else "",
        )
        text = (
            f"{record} {t.A} {t.RECORD} .\n"
            f'{record} {t.IDENTIFIER} "{100_000 + number}" .\n'
            f"{record} {t.IS_PART_OF} {t.thing('release', name)} .\n"
            f"{record} {t.LINE} {t.integer(line)} .\n"
            f'{record} {t.ROW_SHA} "{t.digest(f"{self._seed} {name} {line}")}" .\n'
        )
        return told, t.Block(told.graph, text)

    def _told_by_article(self, article: str, key: str) -> Told:
        draw = self._dice.draw()
        outlet = self._registry.outlets[int(article[:8], 16) % len(self._registry.outlets)]
        return Told(
            graph=t.graph(f"article/{article[:16]}"),
            path=f"{article[:16]}/{key}",
            maker=outlet if draw < 0.6 else self._dice.one_of(self._registry.states),
            origin=t.thing("document", article[:16]),
            status=FACT if draw < 0.6 else ATTRIBUTED if draw < 0.95 else OPINION,
            reporter="" if draw < 0.6 else outlet,
        )

    def _when(self, country: int) -> When:
        # A war has its years: each country's are shifted against the others'.
        year = _FIRST_YEAR + (self._dice.weighted(_YEARS) + country % 5) % len(_YEARS)
        day = date(year, 1, 1) + timedelta(days=self._dice.below(365))
        draw = self._dice.draw()
        if draw < 0.9:
            return When(day.isoformat(), day.isoformat(), "day")
        if draw < 0.93:
            return When(day.isoformat(), (day + timedelta(days=3)).isoformat(), "few-days")
        if draw < 0.98:
            first = day.replace(day=1)
            last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
            return When(first.isoformat(), last.isoformat(), "month")
        return When("", "", "unknown")

    def _told_strike(
        self, node: str, told: Told, town: Town, when: When, sides: tuple[str, str]
    ) -> Iterator[t.Block]:
        """A strike as one source tells of it: its claims, and what follows directly."""
        dice = self._dice
        perpetrator, target = sides
        told = replace(told, review=ACCEPTED)
        label = f"Strike in {town.name}, {when.first or 'date not given'}"
        yield t.Block(
            told.graph,
            f'{node} {t.A} {t.STRIKE} .\n{node} {t.LABEL} "{label}"@en .\n{node} {t.EVENT_TYPE} {_EVENT_TYPE} .\n',
        )
        yield t.Block(t.ENTAILED, f"{node} {t.A} {t.CONFLICT_EVENT} .\n")
        facts = [("place", t.HAS_PLACE, town.iri), ("perpetrator", t.PERPETRATOR, perpetrator)]
        if dice.draw() < 0.85:
            facts.append(("target", t.TARGET, target))
        if dice.draw() < 0.8:
            means = _MEANS[int(dice.draw() ** 2 * len(_MEANS))]
            facts.append(("means", t.MEANS, means))
        if dice.draw() < 0.6:
            facts.append(("level", t.ATTRIBUTION_LEVEL, dice.one_of(_LEVELS)))
        if dice.draw() < 0.04:
            person = self._registry.persons[self._killed % len(self._registry.persons)]
            self._killed += 1
            facts.append(("killed-person", t.KILLED_PERSON, person))
        if dice.draw() < 0.03:
            facts.append(("intended", t.INTENDED_TARGET, dice.one_of(self._registry.persons)))
        opinion = told.status == OPINION
        direct = ""
        for key, verb, value in facts:
            claim = t.thing("claim", f"{told.path}-{key}")
            evidence = self._evidence(told)
            yield t.Block(told.graph, relation(claim, told, (node, verb, value), evidence))
            direct += f"{node} {verb} {value} .\n"
        claim = t.thing("claim", f"{told.path}-date")
        text = common(claim, t.DATE_CLAIM, told, self._evidence(told))
        text += f"{claim} {t.CLAIM_SUBJECT} {node} .\n"
        yield t.Block(told.graph, text + when.lines(claim))
        yield t.Block(t.ENTAILED, f"{claim} {t.A} {t.CLAIM} .\n")
        if not opinion:
            yield t.Block(t.ASSERTED, direct + when.lines(node))
        yield from self._flush_evidence(told)

    # Counts

    def _counts(self, node: str, told: Told, turn: int, number: int) -> Iterator[t.Block]:
        """What the strike's own source and others count, not always alike."""
        dice = self._dice
        true = [dice.heavy(scale, 400) for _, _, scale, _ in _CATEGORIES]
        counted = [dice.draw() < chance for *_, chance in _CATEGORIES]
        yield from self._count_claims(node, told, true, counted)
        draw = dice.draw()
        others = 0 if draw < 0.5 else 1 if draw < 0.85 else 2
        for step in range(1, others + 1):
            other, block = self._told_by_release((turn + 1 + step) % len(RELEASES), number)
            yield block
            seen = true
            if dice.draw() < 0.45:
                seen = [value + dice.below(3 + value) - value // 3 for value in true]
            yield from self._count_claims(node, other, seen, counted)

    def _count_claims(
        self, node: str, told: Told, true: list[int], counted: list[bool]
    ) -> Iterator[t.Block]:
        for (name, category, _, _), value, given in zip(_CATEGORIES, true, counted, strict=True):
            if not given:
                continue
            claim = t.thing("claim", f"{told.path}-{name}")
            text = common(claim, t.COUNT_CLAIM, told, self._evidence(told)) + (
                f"{claim} {t.CLAIM_SUBJECT} {node} .\n{claim} {t.COUNT_OF} {category} .\n"
            )
            yield t.Block(told.graph, text + self._bounds(claim, value))
            yield t.Block(t.ENTAILED, f"{claim} {t.A} {t.CLAIM} .\n")
        yield from self._flush_evidence(told)

    def _bounds(self, claim: str, value: int) -> str:
        dice = self._dice
        draw = dice.draw()
        if draw < 0.07:
            return f"{claim} {t.NOT_REPORTED} {t.TRUE} .\n"
        if draw < 0.09:
            return f'{claim} {t.VAGUE} {t.TRUE} .\n{claim} {t.VERBATIM} "dozens"@en .\n'
        if draw < 0.14:
            text = f'{claim} {t.VERBATIM} "at least {value}"@en .\n'
            return text + f"{claim} {t.LOWER} {t.integer(value)} .\n"
        low, high = value, value
        if draw < 0.55:
            low, high = value - dice.below(1 + value // 2), value + dice.below(2 + value // 2)
        text = f"{claim} {t.LOWER} {t.integer(low)} .\n{claim} {t.UPPER} {t.integer(high)} .\n"
        if draw < 0.95:
            text += f"{claim} {t.BEST} {t.integer(value)} .\n"
        else:
            text += f"{claim} {t.DATA_ISSUE} {_ISSUE} .\n"
        if 0.45 < draw < 0.55:
            text += f'{claim} {t.VERBATIM} "between {low} and {high}"@en .\n'
        return text

    # The same strike, told by another release as a strike of its own

    def _told_again(
        self, node: str, turn: int, number: int, town: Town, when: When, sides: tuple[str, str]
    ) -> Iterator[t.Block]:
        dice = self._dice
        release = 0 if turn != 0 else 1
        told, block = self._told_by_release(release, number)
        yield block
        told = replace(told, path=f"{told.path}-again")
        other = t.thing("strike", f"{RELEASES[release]}/{100_000 + number}-again")
        if dice.draw() < 0.2:
            sides = (sides[0], dice.one_of(self._registry.groups))
        yield from self._told_strike(other, told, town, when, sides)
        cluster = t.thing("cluster", t.digest(f"{self._seed} cluster {number}")[:12])
        confidence = repr(round(0.7 + dice.draw() * 0.3, 2))
        yield t.Block(
            t.CLUSTERS,
            f"{cluster} {t.A} {t.CLUSTER} .\n"
            f"{cluster} {t.CLUSTER_MEMBER} {node} .\n"
            f"{cluster} {t.CLUSTER_MEMBER} {other} .\n"
            f'{cluster} {t.LINK_CONFIDENCE} "{confidence}"^^{t.DECIMAL} .\n'
            f"{cluster} {t.LINK_METHOD} {dice.one_of(_METHODS)} .\n"
            f"{cluster} {t.REVIEW_STATUS} {UNREVIEWED} .\n",
        )

    # Articles

    def _article(self, article: str) -> Iterator[t.Block]:
        """A document, its graph, and what persons say in it."""
        dice = self._dice
        self._position = 0
        told = self._told_by_article(article, "statement")
        document = told.origin
        outlet = told.reporter or told.maker
        issued = (date(2004, 1, 1) + timedelta(days=dice.below(8200))).isoformat()
        yield named_graph(told.graph, f"Claims of an article of {issued}", t.CC_BY)
        yield t.Block(
            told.graph,
            f"<{told.graph}> {t.SOURCE} {document} .\n"
            f"{document} {t.A} {t.DOCUMENT} .\n"
            f'{document} {t.TITLE} "Article of {issued}"@en .\n'
            f"{document} {t.CREATOR} {dice.one_of(self._registry.persons)} .\n"
            f"{document} {t.ISSUED} {t.date(issued)} .\n"
            f"{document} {t.PUBLISHER} {outlet} .\n"
            f'{document} {t.LANGUAGE} "en" .\n'
            f'{document} {t.TEXT_SHA} "{article}" .\n',
        )
        yield t.Block(told.graph, self._body(document, article))
        for number in range(1 + dice.below(3)):
            yield from self._statement(told, outlet, issued, number)
        yield from self._flush_evidence(told)

    def _body(self, document: str, article: str) -> str:
        """The only zone of the document."""
        end = 9000
        zone = t.thing("zone", f"{article[:16]}/0-{end}")
        selector = t.thing("zone", f"{article[:16]}/0-{end}/position")
        return (
            f"{document} {t.HAS_ZONE} {zone} .\n"
            f"{zone} {t.A} {t.ZONE} .\n"
            f"{zone} {t.ZONE_TYPE} {_BODY} .\n"
            f'{zone} {t.SPAN_SHA} "{t.digest(zone)}" .\n'
            f"{zone} {t.HAS_SOURCE} {document} .\n"
            f"{zone} {t.HAS_SELECTOR} {selector} .\n"
            f"{selector} {t.A} {t.TEXT_POSITION} .\n"
            f"{selector} {t.OA_START} {t.integer(0)} .\n"
            f"{selector} {t.OA_END} {t.integer(end)} .\n"
        )

    def _statement(self, told: Told, outlet: str, issued: str, number: int) -> Iterator[t.Block]:
        dice = self._dice
        told = replace(told, maker=outlet, reporter="", status=FACT)
        key = f"{told.path}-{number}"
        node = t.thing("statement", key)
        said = speech(dice)
        yield t.Block(
            told.graph,
            f'{node} {t.A} {t.STATEMENT} .\n{node} {t.LABEL} "{said.split(" the ")[0]}, {issued}"@en .\n',
        )
        direct = ""
        for name, verb, value in (
            ("speaker", t.SPEAKER, dice.one_of(self._registry.persons)),
            ("issued", t.ISSUED, t.date(issued)),
            ("venue", t.VENUE, outlet),
            ("about", t.ABOUT, dice.one_of(_TOPICS)),
            ("stance", t.STANCE, dice.one_of(_STANCES)),
            ("content", t.CONTENT, f'"{said}"@en'),
        ):
            claim = t.thing("claim", f"{key}-{name}")
            triple = (node, verb, value)
            yield t.Block(told.graph, relation(claim, told, triple, self._evidence(told)))
            direct += f"{node} {verb} {value} .\n"
        yield t.Block(t.ASSERTED, direct)

    def _evidence(self, told: Told) -> str:
        """The next span of an article; a record needs none."""
        if told.origin.startswith(_RECORDS):
            return ""
        start = self._position
        end = self._position = start + 20 + self._dice.below(100)
        node = f"{t.ID}evidence/{told.path.partition('/')[0]}/{start}-{end}"
        target = f"<{node}/target>"
        selector = f"<{node}/target/position>"
        self._evidence_text.append(
            f"<{node}> {t.A} {t.ANNOTATION} .\n"
            f"<{node}> {t.HAS_TARGET} {target} .\n"
            f'<{node}> {t.SPAN_SHA} "{t.digest(node)}" .\n'
            f"{target} {t.A} {t.SPECIFIC_RESOURCE} .\n"
            f"{target} {t.HAS_SELECTOR} {selector} .\n"
            f"{target} {t.HAS_SOURCE} {told.origin} .\n"
            f"{selector} {t.A} {t.TEXT_POSITION} .\n"
            f"{selector} {t.OA_START} {t.integer(start)} .\n"
            f"{selector} {t.OA_END} {t.integer(end)} .\n"
        )
        return f"<{node}>"

    def _flush_evidence(self, told: Told) -> Iterator[t.Block]:
        if self._evidence_text:
            yield t.Block(told.graph, "".join(self._evidence_text))
            self._evidence_text.clear()


_RECORDS = f"<{t.ID}record/"
