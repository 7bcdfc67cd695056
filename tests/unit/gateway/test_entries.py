"""What a person enters is recorded before anything is done with it, whatever goes wrong afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.exposing import exposed, in_room
from gateway.schemas.identity import RealNameRequest
from tests.unit.gateway.fakes_edge import City, build_city
from tests.unit.gateway.test_guard import add_route


@pytest.fixture
def city() -> City:
    return build_city()


def test_an_entry_outside_the_budget_is_recorded_and_goes_no_further(city: City) -> None:
    """The catalogue's room asks for no name: what was typed stands in the ledger, and the view does not run."""
    token, ran = city.log_in(), []
    view = exposed("browse_services", in_room("catalogue", "browse_services"), asks=RealNameRequest)(
        lambda: ran.append("view")
    )
    add_route(city, "/v1/asks-too-much", view, methods=["POST"])
    answer = city.send("POST", "/v1/asks-too-much", {"real_name": "王小明"}, token=token)
    assert (answer.status, ran) == (500, [])
    assert city.entered()[-1].disclosure.fields == {"real_name"}


def test_what_was_entered_is_recorded_when_the_teller_breaks(city: City) -> None:
    """A fault of ours while finding out what a request is about does not unsee what was typed."""
    token = city.log_in()

    def break_down(*_: Any) -> Any:
        raise RuntimeError("a fault of ours")

    view = exposed("prove_identity", break_down, asks=RealNameRequest)(lambda: None)
    add_route(city, "/v1/broken", view, methods=["POST"])
    typed = {"real_name": "王小明", "identity_number": "110101199003070015"}
    assert city.send("POST", "/v1/broken", typed, token=token).status == 500
    assert city.entered()[-1].disclosure.fields == set(typed)
