"""SERVICE over HTTP: the policy that an application reads when it is made, and for whom it is used."""

from collections.abc import Iterable
from pathlib import Path

from flask import Flask, current_app

from conflictkg.answers import Triple
from conflictkg.config import Settings
from conflictkg.federation import Federation, asks_others, describe_policy, load_policy

_EXTENSION = "conflictkg.federation"


def register(app: Flask, settings: Settings) -> None:
    """Give an application the policy that its settings name; without one SERVICE is refused.

    Raises:
        ConfigError: The policy cannot be read.
    """
    named = settings.federation_policy
    app.extensions[_EXTENSION] = None if named == Path() else Federation(load_policy(named))


def federation_for(text: str, base: str) -> Federation | None:
    """What asks others for a query of the current request; nothing where it asks none, or none may be asked.

    Its answer is of no release of ours: it is not to be kept by a tag. And to begin again would ask the others again.

    Args:
        text: The query.
        base: What its relative IRIs are resolved against.
    """
    federation = current_app.extensions[_EXTENSION]
    if isinstance(federation, Federation) and asks_others(text, base):
        return federation
    return None


def describe_federation(service: str) -> Iterable[Triple]:
    """Whom the current request's application asks, for the description of the service.

    Args:
        service: Its address.
    """
    federation = current_app.extensions[_EXTENSION]
    return describe_policy(federation.policy, service) if federation else ()
