"""Data that are sent to be validated."""

import httpx
import pytest
from served import served
from web_support import FakeStore

from conflictkg.config import Settings
from conflictkg.web import create_app

TURTLE = {"Content-Type": "text/turtle"}


@pytest.mark.parametrize("editable", [False, True])
@pytest.mark.parametrize(("size", "status"), [(9_000_000, 200), (10_100_000, 413)])
def test_as_much_is_validated_as_the_page_says(size: int, status: int, *, editable: bool) -> None:
    """Ten million bytes, also by a server that takes no other graphs."""
    settings = Settings(editable=editable)
    with served(create_app(settings, FakeStore()), settings) as address:
        body = b"#" * size
        response = httpx.post(f"{address}/validate", content=body, headers=TURTLE, timeout=60)
    assert response.status_code == status
    if status == 413:
        assert response.json()["type"] == "/problems/body-too-large"
