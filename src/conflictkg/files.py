"""Where ontology, shapes, queries and data lie: in a checkout, or inside an installed wheel.

No other module knows a folder's name.
"""

from pathlib import Path

_PACKAGE = Path(__file__).parent
_BUNDLED = _PACKAGE / "bundled"


def project_root() -> Path:
    """The folder that holds ``ontology/``, ``shapes/``, ``queries/`` and ``data/``.

    Returns:
        The bundled copy where the package was installed from a wheel, else the checkout.
    """
    return _BUNDLED if _BUNDLED.is_dir() else _PACKAGE.parent.parent


def ontology_dir() -> Path:
    """Folder of the ontology: ``conflict.ttl``, ``concepts/`` and ``alignments/``."""
    return project_root() / "ontology"


def ontology_files(*, alignments: bool = False) -> tuple[Path, ...]:
    """The files of the ontology, core first.

    Args:
        alignments: Also those that map it to outside vocabularies.
    """
    root = ontology_dir()
    files = [root / "conflict.ttl", *sorted((root / "concepts").glob("*.ttl"))]
    if alignments:
        files += sorted((root / "alignments").glob("*.ttl"))
    return tuple(files)


def shapes_files() -> tuple[Path, ...]:
    """The SHACL shapes for data, one class a file."""
    return tuple(
        p for p in sorted((project_root() / "shapes").glob("*.ttl")) if p.stem != "ontology"
    )


def ontology_shapes_file() -> Path:
    """The SHACL shapes that the ontology itself must meet."""
    return project_root() / "shapes" / "ontology.ttl"


def query_files() -> tuple[Path, ...]:
    """The published questions, one a file."""
    return tuple(sorted((project_root() / "queries").glob("*.ttl")))


def data_files() -> tuple[Path, ...]:
    """The generated graphs, one named graph a file."""
    return tuple(sorted((project_root() / "data" / "ttl").glob("*.ttl")))


def entities_dir() -> Path:
    """Folder of the curated registry of organizations, persons, places and posts."""
    return project_root() / "data" / "entities"


def annotations_dir() -> Path:
    """Folder of the reviewed annotations."""
    return project_root() / "data" / "annotations"
