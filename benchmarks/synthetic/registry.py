"""What strikes refer to: sources, places, organizations with their parts, persons and their posts."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import sqrt

from synthetic import names
from synthetic import terms as t
from synthetic.claims import Told, common, relation
from synthetic.dice import Dice, zipf

RELEASES = (
    "events-global-24",
    "air-wars-2026",
    "strikes-pk-11",
    "strikes-ye-9",
    "strikes-so-8",
    "casualty-monitor-5",
    "incidents-weekly-31",
    "actors-global-24",
)
"""Dataset releases that tell of strikes, the most frequent first; all are invented."""

FAMILIES = 12
_PROVINCES = 6
_MAKERS = len(RELEASES)
_OUTLETS = 24


@dataclass(frozen=True, slots=True)
class Town:
    """A place where strikes happen."""

    iri: str
    name: str
    province: str


@dataclass(slots=True)
class Registry:
    """Everything that is known before the first strike.

    Args:
        strikes: How many strikes there will be, about: the registry grows with them, but slower.
    """

    strikes: int
    dice: Dice
    towns: list[list[Town]] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    outlets: list[str] = field(default_factory=list)
    makers: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    persons: list[str] = field(default_factory=list)
    _organizations: int = 0
    _places: int = 0
    _relations: int = 0
    _mappings: int = 0

    def blocks(self) -> Iterator[t.Block]:
        """Triples of the registry; the lists are complete afterwards."""
        yield from self._graphs()
        yield from self._all_places()
        yield from self._all_organizations()
        yield from self._all_persons()

    def _graphs(self) -> Iterator[t.Block]:
        for name, title in (
            (t.ENTITIES, "Organizations, persons, places and posts"),
            (t.ASSERTED, "Direct triples of what sources assert"),
            (t.ENTAILED, "What follows under the ontology"),
            (t.CLUSTERS, "Strikes that several sources tell of"),
            (t.MAPPINGS, "Links to outside vocabularies"),
        ):
            yield named_graph(name, title, t.CC_BY)
        for release in RELEASES:
            graph = t.graph(f"release/{release}")
            licence = t.CC_BY_NC if release.startswith("strikes") else t.CC_BY
            node = t.thing("release", release)
            yield named_graph(graph, f"Rows of {release}", licence)
            yield t.Block(
                graph,
                f'{node} {t.A} {t.RELEASE} .\n{node} {t.TITLE} "{release}"@en .\n{node} {t.LICENSE} {licence} .\n',
            )

    def _told(self, path: str) -> Told:
        return Told(t.ENTITIES, f"entities/{path}", self.makers[0], t.thing("release", RELEASES[0]))

    # Places

    def _all_places(self) -> Iterator[t.Block]:
        self.makers = [t.thing("organization", f"{number:04}") for number in range(1, _MAKERS + 1)]
        per_country = max(12, self.strikes // 8 // len(names.COUNTRIES))
        weights = zipf(len(names.COUNTRIES), 0.8)
        for rank, country in enumerate(names.COUNTRIES):
            share = weights[rank] - (weights[rank - 1] if rank else 0)
            towns = max(12, int(per_country * len(names.COUNTRIES) * share / weights[-1]))
            yield from self._country(country, towns)

    def _country(self, country: names.Country, towns: int) -> Iterator[t.Block]:
        whole, block = self._place(country.name, "country", country.latitude, country.longitude)
        yield block
        self.towns.append([])
        for _ in range(_PROVINCES):
            province, block = self._place(f"{names.place(self.dice)} province", "first-order")
            yield block
            yield from self._inside(province, whole)
            for _ in range(max(1, towns // _PROVINCES // 12)):
                district, block = self._place(f"{names.place(self.dice)} district", "second-order")
                yield block
                yield from self._inside(district, province)
                for _ in range(min(12, towns // _PROVINCES)):
                    name = names.place(self.dice)
                    latitude = country.latitude + (self.dice.draw() - 0.5) * country.extent
                    longitude = country.longitude + (self.dice.draw() - 0.5) * country.extent
                    town, block = self._place(name, "exact", latitude, longitude)
                    yield block
                    yield from self._inside(town, district)
                    self.towns[-1].append(Town(town, name, province))
                    if self.dice.draw() < 0.2:
                        yield self._mapping(town, f"https://places.example/{self._places}", name)

    def _place(
        self, name: str, precision: str, latitude: float | None = None, longitude: float = 0.0
    ) -> tuple[str, t.Block]:
        self._places += 1
        key = f"{self._places:04}"
        node = t.thing("place", key)
        text = (
            f"{node} {t.A} {t.PLACE} .\n"
            f'{node} {t.PREF_LABEL} "{name}"@en .\n'
            f"{node} {t.PLACE_PRECISION} {t.concept('place-precision-' + precision)} .\n"
        )
        if self.dice.draw() < 0.3:
            text += f'{node} {t.ALT_LABEL} "{names.variant(name)}"@en .\n'
        if latitude is not None:
            lat, long = repr(round(latitude, 5)), repr(round(longitude, 5))
            geometry = t.thing("place", f"{key}/geometry")
            text += (
                f'{node} {t.LAT} "{lat}"^^{t.DECIMAL} .\n'
                f'{node} {t.LONG} "{long}"^^{t.DECIMAL} .\n'
                f"{node} {t.HAS_GEOMETRY} {geometry} .\n"
                f"{geometry} {t.A} {t.GEOMETRY} .\n"
                f'{geometry} {t.AS_WKT} "POINT ({long} {lat})"^^{t.WKT} .\n'
            )
        return node, t.Block(t.ENTITIES, text)

    def _inside(self, part: str, whole: str) -> Iterator[t.Block]:
        key = f"place-{self._places:04}-within"
        claim = t.thing("claim", f"entities/{key}")
        triple = (part, t.WITHIN, whole)
        yield t.Block(t.ENTITIES, relation(claim, self._told(key), triple))
        yield t.Block(t.ASSERTED, f"{part} {t.WITHIN} {whole} .\n")

    # Organizations

    def _all_organizations(self) -> Iterator[t.Block]:
        for number, release in enumerate(RELEASES):
            node, block = self._organization(f"Institute for {release}", "research-institute")
            assert node == self.makers[number]  # noqa: S101 -- claims about places named it already
            yield block
        for country in names.COUNTRIES:
            node, block = self._organization(f"Government of {country.name}", "state")
            self.states.append(node)
            yield block
        for _ in range(_OUTLETS):
            node, block = self._organization(f"{names.place(self.dice)} Herald", "media")
            self.outlets.append(node)
            yield block
        yield from self._all_groups(max(4 * FAMILIES, int(4 * sqrt(self.strikes))))

    def _organization(self, name: str, level: str) -> tuple[str, t.Block]:
        self._organizations += 1
        node = t.thing("organization", f"{self._organizations:04}")
        text = (
            f"{node} {t.A} {t.CKG_ORGANIZATION} .\n"
            f'{node} {t.PREF_LABEL} "{name}"@en .\n'
            f"{node} {t.LEVEL} {t.concept('organization-level-' + level)} .\n"
        )
        for language, chance in (("fr", 0.3), ("ar", 0.4), ("ur", 0.2)):
            if self.dice.draw() < chance:
                translated = names.translated(name, language)
                text += f'{node} {t.PREF_LABEL} "{translated}"@{language} .\n'
        if self.dice.draw() < 0.5:
            text += f'{node} {t.ALT_LABEL} "{names.abbreviation(name)}"@en .\n'
        if self.dice.draw() < 0.15:
            text += f'{node} {t.HIDDEN_LABEL} "{names.variant(name)}"@en .\n'
        return node, t.Block(t.ENTITIES, text)

    def _all_groups(self, count: int) -> Iterator[t.Block]:
        families: list[list[str]] = []
        weights = zipf(FAMILIES, 0.9)
        for number in range(count):
            root = number < FAMILIES
            level = "armed-group" if root else "faction"
            node, block = self._organization(names.group(self.dice, number), level)
            yield block
            self.groups.append(node)
            if root:
                families.append([node])
            else:
                family = families[self.dice.weighted(weights)]
                # Among the earlier ones, but rather the latest: trees five or six levels deep.
                parent = family[int(len(family) * self.dice.draw() ** 0.7)]
                family.append(node)
                kind = "subgroup-of" if self.dice.draw() < 0.7 else "faction-of"
                yield self._relation(node, parent, kind)
                yield t.Block(t.ASSERTED, f"{node} {t.SUB_ORGANIZATION_OF} {parent} .\n")
            if number and self.dice.draw() < 0.15:
                yield self._relation(node, self.groups[self.dice.below(number)], "allied-with")
            if self.dice.draw() < 0.4:
                yield self._mapping(
                    node, f"https://actors.example/{number}", names.variant("Actor")
                )

    def _relation(self, child: str, parent: str, kind: str) -> t.Block:
        self._relations += 1
        node = t.thing("relation", f"entities/{kind}-{self._relations:04}")
        text = common(node, t.GROUP_RELATION, self._told("relation")) + (
            f"{node} {t.CHILD} {child} .\n"
            f"{node} {t.PARENT} {parent} .\n"
            f"{node} {t.RELATION_TYPE} {t.concept('relation-type-' + kind)} .\n"
        )
        return t.Block(t.ENTITIES, text)

    def _mapping(self, subject: str, outside: str, label: str) -> t.Block:
        self._mappings += 1
        node = t.thing("mapping", t.digest(f"mapping {self._mappings}")[:12])
        exact = self.dice.draw() < 0.8
        text = (
            f"{node} {t.A} {t.MAPPING} .\n"
            f"{node} {t.SUBJECT_ID} {subject} .\n"
            f"{node} {t.PREDICATE_ID} {t.EXACT_MATCH if exact else t.CLOSE_MATCH} .\n"
            f"{node} {t.OBJECT_ID} <{outside}> .\n"
            f'{node} {t.OBJECT_LABEL} "{label}" .\n'
            f"{node} {t.JUSTIFICATION} {t.CURATION if exact else t.LEXICAL} .\n"
        )
        if not exact:
            confidence = repr(round(0.5 + self.dice.draw() / 2, 2))
            text += f'{node} {t.CONFIDENCE} "{confidence}"^^{t.DECIMAL} .\n'
        return t.Block(t.MAPPINGS, text)

    # Persons

    def _all_persons(self) -> Iterator[t.Block]:
        weights = zipf(len(self.groups), 0.8)
        for number in range(1, max(100, self.strikes // 10) + 1):
            node = t.thing("person", f"{number:04}")
            name = names.person(self.dice)
            text = f'{node} {t.A} {t.PERSON} .\n{node} {t.PREF_LABEL} "{name}"@en .\n'
            if self.dice.draw() < 0.3:
                text += f'{node} {t.ALT_LABEL} "{name.split()[-1]}"@en .\n'
            self.persons.append(node)
            yield t.Block(t.ENTITIES, text)
            held = 1 + (self.dice.draw() < 0.2)
            for turn in range(held):
                group = self.groups[self.dice.weighted(weights)]
                yield from self._tenure(node, group, f"{number}-{turn}")

    def _tenure(self, person: str, group: str, key: str) -> Iterator[t.Block]:
        node = t.thing("tenure", f"entities/{t.digest('tenure ' + key)[:12]}")
        role = self.dice.one_of(names.ROLES)
        text = (
            f"{node} {t.A} {t.TENURE} .\n"
            f"{node} {t.MEMBER} {person} .\n"
            f"{node} {t.ORGANIZATION} {group} .\n"
            f"{node} {t.ROLE} {t.concept('role-' + role)} .\n"
        )
        yield t.Block(t.ENTITIES, text)
        if self.dice.draw() < 0.2:
            rank = f'"{self.dice.one_of(names.RANKS)}"@en'
            claim = t.thing("claim", f"entities/rank-{key}")
            text = relation(claim, self._told("rank"), (node, t.RANK, rank))
            yield t.Block(t.ENTITIES, text)
            yield t.Block(t.ASSERTED, f"{node} {t.RANK} {rank} .\n")
        claim = t.thing("claim", f"entities/tenure-{key}")
        start = 2002 + self.dice.below(22)
        triple = (person, t.HAS_MEMBERSHIP, node)
        text = relation(claim, self._told("tenure"), triple)
        text += f"{claim} {t.VALID_FROM} {t.date(f'{start}-01-01')} .\n"
        if self.dice.draw() < 0.6:
            end = t.date(f"{start + self.dice.below(4)}-12-31")
            text += f"{claim} {t.VALID_UNTIL} {end} .\n"
        yield t.Block(t.ENTITIES, text)
        yield t.Block(t.ASSERTED, f"{person} {t.HAS_MEMBERSHIP} {node} .\n")
        if role in names.LEADING and key.endswith("-0"):
            yield t.Block(
                t.ENTAILED,
                f"{node} {t.A} {t.LEADING_TENURE} .\n{person} {t.A} {t.LEADER} .\n",
            )


def named_graph(graph: str, title: str, licence: str) -> t.Block:
    """A graph's description of itself."""
    text = (
        f"<{graph}> {t.A} {t.NAMED_GRAPH} .\n"
        f'<{graph}> {t.TITLE} "{title}"@en .\n'
        f"<{graph}> {t.LICENSE} {licence} .\n"
        f"<{graph}> {t.REDISTRIBUTION} {t.TRUE} .\n"
    )
    return t.Block(graph, text)
