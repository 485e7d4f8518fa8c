"""Settings from the environment."""

from pathlib import Path

import pytest

from conflictkg.config import Settings
from conflictkg.errors import ConfigError


def test_nothing_set_gives_the_defaults() -> None:
    """Without any variable, and with empty ones, the defaults hold."""
    assert Settings.from_environment({}) == Settings()
    assert Settings.from_environment({"CONFLICTKG_PORT": " "}).port == 8000


def test_each_setting_is_read_from_its_variable() -> None:
    """The name of the variable is that of the field."""
    found = Settings.from_environment(
        {
            "CONFLICTKG_STORE": "/data/kg",
            "CONFLICTKG_HOST": "::1",
            "CONFLICTKG_PORT": "0",
            "CONFLICTKG_BASE_IRI": "https://kg.example.org/",
            "CONFLICTKG_QUERY_TIMEOUT_S": "2.5",
            "CONFLICTKG_QUERY_MEMORY_MB": "4096",
            "CONFLICTKG_QUERY_DISK_MB": "512",
            "CONFLICTKG_MAX_ROWS": "10",
            "CONFLICTKG_WORKERS": "8",
            "CONFLICTKG_MAX_QUERY_BYTES": "1000",
            "CONFLICTKG_QUERY_WAIT_S": "0",
            "OTHER": "x",
        }
    )
    assert found == Settings(
        Path("/data/kg"), "::1", 0, "https://kg.example.org/", 2.5, 4096, 512, 10, 8, 1000, 0.0
    )


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("PORT", "eighty", '"eighty" is not a whole number. Give 0 to 65,535'),
        ("PORT", "65536", "65536 is out of range. Give 0 to 65,535"),
        ("WORKERS", "0", "out of range. Give 1 to 256"),
        ("WORKERS", "1.5", "is not a whole number"),
        ("QUERY_TIMEOUT_S", "nan", "out of range"),
        ("QUERY_TIMEOUT_S", "inf", "out of range"),
        ("QUERY_TIMEOUT_S", "-1", "out of range"),
        ("QUERY_MEMORY_MB", "100", "out of range. Give 512"),
        ("MAX_ROWS", "0", "Give 1 or more"),
        ("BASE_IRI", "example.org", "is not an http(s) address that ends in a slash"),
        ("BASE_IRI", "https://example.org", "ends in a slash"),
        ("BASE_IRI", "https://[/", "is not an http"),
    ],
)
def test_bad_value_is_refused_with_the_setting_and_what_would_be_right(
    name: str, value: str, words: str
) -> None:
    """The error names the variable, the value and the range."""
    with pytest.raises(ConfigError) as raised:
        Settings.from_environment({f"CONFLICTKG_{name}": value})
    assert raised.value.setting == f"CONFLICTKG_{name}"
    assert words in str(raised.value)
