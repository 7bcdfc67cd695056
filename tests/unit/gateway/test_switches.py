"""What takes no new business here: switched off by staff, or not bound in this environment."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from gateway.app import create_operations_app
from gateway.switches import NOT_BOUND, Switches
from services.catalogue import Catalogue
from services.errors import ConfigurationFault, ServiceOff, StoreUnavailable
from services.live_catalogue import Snapshot
from services.mapping import ServiceMapping
from services.model import Language
from tests.fakes import load_catalogue

FILES = load_catalogue()
FIRST, SECOND, THIRD = sorted(FILES.services)[:3]
SENTENCE = {Language.ZH_CN: "维护", Language.EN: "Under repair"}


class Town:
    """A snapshot, an environment that lacks some back ends, and a clock."""

    def __init__(self) -> None:
        services = {name: FILES.services[name] for name in (FIRST, SECOND, THIRD)}
        self.snapshot = Snapshot(1, services, {SECOND: SENTENCE})
        self.missing: dict[str, Exception] = {}
        self.at, self.asked = 0.0, 0
        self.switches = Switches(lambda: self.snapshot, self.find, lambda: self.at)

    def find(self, mapping: ServiceMapping) -> None:
        self.asked += 1
        if mapping.id in self.missing:
            raise self.missing[mapping.id]


def test_a_service_that_is_not_bound_keeps_no_other_from_serving() -> None:
    """It says so to citizens in a fixed sentence; a log line names what is missing; the others are open."""
    town = Town()
    town.missing = {
        FIRST: ConfigurationFault("back end x is not in the directory"),
        THIRD: ValueError("a bug, 13800138001"),
    }
    with capture_logs() as logs:
        assert dict(town.switches.off) == {FIRST: NOT_BOUND, SECOND: SENTENCE, THIRD: NOT_BOUND}
    assert "back end x is not in the directory" in [line.get("fault") for line in logs]
    assert "13800138001" not in str(logs)
    catalogue = Catalogue(town.snapshot.services, FILES.rooms, FILES.vocabulary, town.switches.off)
    with pytest.raises(ServiceOff) as off:
        catalogue.require_open(FIRST)
    assert off.value.detail == {"sentence": NOT_BOUND}


def test_it_is_said_once_and_comes_back_by_itself() -> None:
    """When an import of the accounts binds it, within seconds, without a restart; a new version is looked at at once."""
    town = Town()
    town.missing = {FIRST: ConfigurationFault("a secret is missing")}
    with capture_logs() as logs:
        for _ in range(20):
            assert FIRST in town.switches.off
        town.at = 5
        assert FIRST in town.switches.off
    assert (len(logs), town.asked) == (1, 6)
    town.missing = {}
    assert FIRST in town.switches.off
    town.at = 10
    with capture_logs() as logs:
        assert FIRST not in town.switches.off
    assert [(line["event"], line["service"]) for line in logs] == [("a service is bound again", FIRST)]
    town.missing = {THIRD: ConfigurationFault("another")}
    town.snapshot = Snapshot(2, town.snapshot.services)
    assert set(town.switches.off) == {THIRD}


def test_operators_see_the_state_of_every_service() -> None:
    """On the operations app alone, with what is missing by name; 503 while nothing was ever read."""
    town = Town()
    town.missing = {FIRST: ConfigurationFault("a secret is missing")}
    client = create_operations_app((), release="1", list_services=town.switches.describe).test_client()
    found = client.get("/services").get_json()["services"]
    assert [(row["service"], row["state"], row["fault"]) for row in found] == [
        (FIRST, "not bound", "a secret is missing"), (SECOND, "off", ""), (THIRD, "open", ""),
    ]  # fmt: skip

    def fail() -> list[dict[str, str | int]]:
        raise StoreUnavailable

    assert create_operations_app((), release="1", list_services=fail).test_client().get("/services").status_code == 503
