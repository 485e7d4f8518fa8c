"""Names in a text are linked with the registry where it has just one thing of that type and name."""

import pytest

from conflictkg.sources.article.annotations import NodeType
from conflictkg.sources.article.extract import extract

PAGE = """Strike in Hangu kills commander

The United States struck a compound in the district of Hangu on May 2, 2019, the Pakistan Army said. \
Pakistani officials protested. Wali was not there.

The strike killed two Haqqani Network fighters in Pakistan.
"""


def entities() -> dict[tuple[NodeType, str], str | None]:
    return {(node.type, node.label): node.entity for node in extract(PAGE).nodes}


@pytest.mark.parametrize(
    ("type_", "label", "entity"),
    [
        ("organization", "United States", "organization/0001"),
        ("organization", "Pakistan Army", "organization/0005"),
        ("organization", "Haqqani Network", "organization/0013"),
        ("place", "Pakistan", "place/0001"),
    ],
)
def test_known_name_is_linked(type_: NodeType, label: str, entity: str) -> None:
    """A registered name gets its key, so that no second node of it enters the graph."""
    assert entities()[type_, label] == entity


def test_entity_is_of_the_node_s_type() -> None:
    """A country is one thing as a place and another as a state that acts."""
    for (type_, label), entity in entities().items():
        if entity is not None:
            assert entity.startswith(f"{type_}/"), label


def test_single_name_of_a_person_is_not_linked() -> None:
    """A one-word name may be anybody's."""
    assert not [key for key, entity in entities().items() if key[1] == "Wali" and entity]
