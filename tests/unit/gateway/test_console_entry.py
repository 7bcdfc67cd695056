"""How the console process opens: the way in that production needs, settings that are whole."""

from __future__ import annotations

import pytest

from config.settings import SettingsFault, load_settings
from gateway.bootstrap import make_provider, make_sign_in
from gateway.foundation import Foundation
from services.errors import ConfigurationFault
from tests.fake_console import FakeHasher
from tests.unit.config.test_settings import GOOD

OIDC = {
    "GUITAI_OIDC_ISSUER": "https://identity.example.gov.cn/realms/staff", "GUITAI_OIDC_CLIENT_ID": "guitai",
    "GUITAI_OIDC_CLIENT_SECRET": "hunter2", "GUITAI_CONSOLE_URL": "https://console.example.gov.cn",
}  # fmt: skip
PRODUCTION = GOOD | {"GUITAI_ENVIRONMENT": "production", "GUITAI_PUBLIC_URL": "https://counter.example.gov.cn"}
"""Its own Redis and keyring are not opened here: a client of Redis connects when it is first asked."""


@pytest.mark.parametrize("missing", sorted(OIDC))
def test_a_provider_is_named_wholly_or_not_at_all(missing: str) -> None:
    """Half a provider is a fault that names what is missing, and no value."""
    with pytest.raises(SettingsFault, match=missing) as caught:
        load_settings(GOOD | {name: value for name, value in OIDC.items() if name != missing})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("name", ["GUITAI_OIDC_ISSUER", "GUITAI_CONSOLE_URL"])
def test_in_production_a_sign_in_never_goes_over_plain_http(name: str) -> None:
    """Neither the provider nor the way back."""
    plain = OIDC | {name: OIDC[name].replace("https", "http")}
    assert load_settings(GOOD | plain)
    with pytest.raises(SettingsFault, match=name):
        load_settings(PRODUCTION | plain)


def test_the_secret_stays_out_of_what_is_printed() -> None:
    """Neither in the settings' own words nor in those of our side of the provider."""
    assert "hunter2" not in repr(load_settings(GOOD | OIDC))


def test_the_console_address_alone_names_no_provider() -> None:
    """It may be set where staff have local accounts."""
    settings = load_settings(GOOD | {"GUITAI_CONSOLE_URL": OIDC["GUITAI_CONSOLE_URL"]})
    assert make_provider(Foundation(settings)) is None


@pytest.mark.parametrize(
    ("environ", "local", "provider"),
    [
        (GOOD, True, False), (GOOD | OIDC, True, True), (PRODUCTION | OIDC, False, True),
        (PRODUCTION | {"GUITAI_LOCAL_ACCOUNTS": "yes"}, True, False), (PRODUCTION | OIDC | {"GUITAI_LOCAL_ACCOUNTS": "yes"}, True, True),
        (GOOD | OIDC | {"GUITAI_LOCAL_ACCOUNTS": "no"}, False, True),
    ],
    ids=str,
)  # fmt: skip
def test_which_doors_are_open(
    environ: dict[str, str], local: bool, provider: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In production the provider's; another one only where it is stated; in demo and test local accounts unless it is stated."""
    monkeypatch.setattr(Foundation, "keyring", None)
    base = Foundation(load_settings(environ))
    desk = make_sign_in(base, None, FakeHasher())  # type: ignore[arg-type] # no store is asked
    assert (desk.local, desk.provider is not None) == (local, provider)


@pytest.mark.parametrize("said", [{}, {"GUITAI_LOCAL_ACCOUNTS": "no"}])
def test_without_a_way_in_the_console_does_not_start(said: dict[str, str]) -> None:
    """In production nobody gets accounts of the console by leaving a setting out."""
    with pytest.raises(ConfigurationFault, match="GUITAI_OIDC_ISSUER"):
        make_sign_in(Foundation(load_settings(PRODUCTION | said)), None, FakeHasher())  # type: ignore[arg-type] # no store is asked


def test_only_the_provider_s_origin_may_be_called() -> None:
    """The allow-list of this purpose is the issuer, and nothing if there is none."""
    allowed = Foundation(load_settings(GOOD | OIDC))._list_allowed("openid")
    assert allowed == frozenset([OIDC["GUITAI_OIDC_ISSUER"]])
    assert Foundation(load_settings(GOOD))._list_allowed("openid") == frozenset()
