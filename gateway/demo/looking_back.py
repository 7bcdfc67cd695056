"""How every journey ends: the citizen opens the view of what this platform saw."""

from __future__ import annotations

from gateway.demo.journey import Journey, require
from gateway.demo.phone import Phone


def view_exposure(journey: Journey, phone: Phone) -> None:
    """The citizen's own view: what this platform saw, when, why, under which law."""
    with journey.step("opens “what the platform saw”") as told:
        view = phone.call("GET", "/exposure")
        require(view["platform"] == phone.platform, "the view shows another platform")
        require(bool(view["records"]), "the view is empty")
        told.append(f"{len(view['records'])} records on the first page; {view['note']}")
