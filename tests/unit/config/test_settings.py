"""Settings: read once, typed, and every fault told at once without a value."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from config.settings import VARIABLES, Settings, SettingsFault, load_settings

GOOD = {
    "GUITAI_ENVIRONMENT": "demo",
    "GUITAI_DATABASE_URL": "postgresql:///guitai?host=/tmp",
    "GUITAI_REDIS_URL": "redis://127.0.0.1:6379/0",
    "GUITAI_PUBLIC_URL": "http://127.0.0.1:8600/",
    "GUITAI_SECRETS_DIR": "/secrets",
    "GUITAI_KEYRING_FILE": "/keyring",
}


def test_reads_typed_values_and_defaults() -> None:
    """What is not given has the default of the table; text becomes typed values."""
    settings = load_settings(GOOD | {"GUITAI_POOL_SIZE": "3"})
    assert (settings.pool_size, settings.max_body_bytes, settings.http_timeout_seconds) == (3, 262144, 5.0)
    assert settings.clock_file is None
    assert settings.metrics_dir is None
    assert settings.public_url == "http://127.0.0.1:8600"


def test_table_and_dataclass_agree() -> None:
    """Every attribute of Settings has a variable and the other way round."""
    assert list(VARIABLES) == [entry.name for entry in dataclasses.fields(Settings)]


def test_all_faults_come_in_one_message() -> None:
    """Whoever sets up a server learns everything that is wrong at the first try."""
    environ = GOOD | {"GUITAI_POOL_SIZE": "many", "GUITAI_LOG_LEVEL": "loud", "GUITAI_TYPO": "1"}
    del environ["GUITAI_REDIS_URL"]
    with pytest.raises(SettingsFault) as caught:
        load_settings(environ)
    for name in ("GUITAI_POOL_SIZE", "GUITAI_LOG_LEVEL", "GUITAI_TYPO", "GUITAI_REDIS_URL"):
        assert name in str(caught.value)


def test_a_fault_never_shows_a_value() -> None:
    """A secret put into the wrong variable stays out of the message."""
    with pytest.raises(SettingsFault) as caught:
        load_settings(GOOD | {"GUITAI_DATABASE_URL": "hunter2", "GUITAI_POOL_SIZE": "hunter3"})
    assert "hunter" not in str(caught.value)


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    """GUITAI_X_FILE names a file with the secret; its final line end is not part of it."""
    file = tmp_path / "url"
    file.write_text("postgresql://somewhere/guitai\n", "utf-8")
    environ = {name: value for name, value in GOOD.items() if name != "GUITAI_DATABASE_URL"}
    settings = load_settings(environ | {"GUITAI_DATABASE_URL_FILE": str(file)})
    assert settings.database_url == "postgresql://somewhere/guitai"


@pytest.mark.parametrize(
    ("extra", "named"),
    [
        ({"GUITAI_DATABASE_URL_FILE": "/x"}, "both set"),
        ({"GUITAI_POOL_SIZE_FILE": "/x"}, "GUITAI_POOL_SIZE_FILE is not a setting"),
        ({"GUITAI_ENVIRONMENT": "staging"}, "GUITAI_ENVIRONMENT must be one of"),
        ({"GUITAI_PUBLIC_URL": "https://a.example/?x=1"}, "refuse notice addresses with a query"),
        ({"GUITAI_PUBLIC_URL": "http://["}, "GUITAI_PUBLIC_URL must begin"),
        ({"GUITAI_REDIS_URL": "http://a"}, "GUITAI_REDIS_URL must begin"),
        ({"GUITAI_HTTP_TIMEOUT_SECONDS": "0"}, "GUITAI_HTTP_TIMEOUT_SECONDS"),
        ({"GUITAI_HTTP_TIMEOUT_SECONDS": "nan"}, "GUITAI_HTTP_TIMEOUT_SECONDS"),
        ({"GUITAI_POOL_SIZE": "０"}, "GUITAI_POOL_SIZE"),
        ({"GUITAI_RELEASE": "a b"}, "GUITAI_RELEASE"),
    ],
)
def test_refuses(extra: dict[str, str], named: str) -> None:
    """Each wrong value is refused by the name of its variable."""
    with pytest.raises(SettingsFault, match=named.replace("?", r"\?")):
        load_settings(GOOD | extra)


def test_production_refuses_the_shared_clock_and_plain_http() -> None:
    """Nobody moves the time of a real counter, and platforms reach it over TLS."""
    with pytest.raises(SettingsFault) as caught:
        load_settings(GOOD | {"GUITAI_ENVIRONMENT": "production", "GUITAI_CLOCK_FILE": "/clock"})
    assert "GUITAI_CLOCK_FILE" in str(caught.value)
    assert "https://" in str(caught.value)


def test_repr_holds_no_secret() -> None:
    """A traceback that shows the settings shows no password."""
    shown = repr(load_settings(GOOD | {"GUITAI_DATABASE_URL": "postgresql://u:hunter2@h/d"}))
    assert "hunter2" not in shown


@pytest.mark.parametrize(("text", "hours"), [("22-8", (22, 8)), ("0-0", (0, 0)), ("09-17", (9, 17))])
def test_quiet_hours_are_taken(text: str, hours: tuple[int, int]) -> None:
    """Two full hours of the day."""
    assert load_settings(GOOD | {"GUITAI_QUIET_HOURS": text}).quiet_hours == hours


@pytest.mark.parametrize("text", ["22", "22-24", "24-8", "22:00-08:00", "-", "22-8-9", "２２-8", "22--8"])
def test_other_hours_are_refused(text: str) -> None:
    """With what they must be."""
    with pytest.raises(SettingsFault, match="GUITAI_QUIET_HOURS must be two hours"):
        load_settings(GOOD | {"GUITAI_QUIET_HOURS": text})


@pytest.mark.parametrize(
    "good", ["{agency}{number}", "QY-{agency}-{year}-{number}-{check}", "{agency}{service}{number}{check}"]
)
def test_a_format_of_case_numbers_is_taken(good: str) -> None:
    """Letters, digits, hyphens, and the parts that there are, each once."""
    assert load_settings(GOOD | {"GUITAI_CASE_NO_FORMAT": good}).case_no_format == good


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("{date}{number}{check}", "two cases could have one number"),
        ("{agency}{date}{check}", "two cases could have one number"),
        ("{agency}{number}{check}{date}", "must end with"),
        ("{agency}{number}{number}", "must be made of"),
        ("{agency}{number}{hour}", "must be made of"),
        ("{agency}{number:>9}", "must be made of"),
        ("{agency}{number}{", "must be made of"),
        ("{agency}{number}办", "must be made of"),
        ("{agency}{number}{0}", "must be made of"),
        ("{agency}{number}" + "A" * 36, "more than 50"),
    ],
)
def test_a_format_that_could_not_number_cases_is_a_fault(bad: str, why: str) -> None:
    """It is told when the process starts, not when somebody hands something in."""
    with pytest.raises(SettingsFault, match=f"GUITAI_CASE_NO_FORMAT .*{why}"):
        load_settings(GOOD | {"GUITAI_CASE_NO_FORMAT": bad})


def test_the_governments_own_pages_are_never_plain_in_production() -> None:
    """Slips lead there."""
    told = GOOD | {"GUITAI_ENVIRONMENT": "production", "GUITAI_PUBLIC_URL": "https://a.example"}
    with pytest.raises(SettingsFault, match="GUITAI_WEB_URL must begin with https"):
        load_settings(told | {"GUITAI_WEB_URL": "http://w.example"})
    assert load_settings(told | {"GUITAI_WEB_URL": "https://w.example"}).web_url == "https://w.example"
