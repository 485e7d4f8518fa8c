"""Which properties of OpenSanctions are converted, and what becomes of each."""

from difflib import get_close_matches

from conflictkg.sources.description import Lookups
from conflictkg.sources.report import Fate, Issue, Report


class Judge:
    """Says of each property whether it is converted; counts what is ignored, tells what is unknown."""

    def __init__(self, lookups: Lookups, report: Report) -> None:
        self._lookups, self._report = lookups, report
        self._known: dict[tuple[str, str], tuple[str, str]] = {}

    def is_wanted(self, schema: str, prop: str, line: int, record: str, *, is_row: bool) -> bool:
        """Whether a property of a schema is converted.

        Args:
            schema: Of the entity.
            prop: Name of the property.
            line: Where it stands.
            record: Which record it is of.
            is_row: Whether the whole row is ignored or rejected with it; else the rest of it is kept.
        """
        verdict = self._known.get((schema, prop))
        if verdict is None:
            verdict = self._known[schema, prop] = self._judge(schema, prop)
        what, text = verdict
        if what == "ignore":
            self._report.ignore(text, is_row=is_row)
        elif what:
            fate = Fate.REJECTED if is_row else Fate.KEPT
            self._report.add(Issue(line, what, text, fate, record))
        return not what

    def inverse_of(self, prop: str) -> str:
        """The property of a nested entity that points back, where this one only leads to it."""
        return self._lookups["nested"].get(prop, "")

    def _judge(self, schema: str, prop: str) -> tuple[str, str]:
        lookups = self._lookups
        if schema in lookups["ignore_schema"]:
            return "ignore", f"{schema}: {lookups['ignore_schema'][schema]}"
        if schema not in lookups["schema"]:
            return "schema", lookups.unknown("schema", schema)
        if action_of(lookups, schema, prop):
            return "", ""
        for name in (f"{schema}.{prop}", prop):
            if name in lookups.ignored:
                return "ignore", f"{name}: {lookups.ignored[name]}"
        close = get_close_matches(prop, [*lookups["property"], *lookups.ignored], n=1)
        hint = f' Closest known: "{close[0]}".' if close else ""
        return "prop", (
            f'"{prop[:40]}" is no property that is known.{hint} Add it to lookups.toml under [property], or to'
            " [ignore] with a reason."
        )


def action_of(lookups: Lookups, schema: str, prop: str) -> str:
    """What becomes of a property; empty where it is not converted."""
    of_schema = f"{schema}.{prop}"
    if of_schema in lookups.ignored:
        return ""
    return lookups["property"].get(of_schema) or lookups["property"].get(prop, "")
