"""What the settings say reaches those who act by it."""

from __future__ import annotations

from uuid import uuid4

from config.settings import load_settings
from gateway.foundation import Foundation
from tests.fakes import FakeDirectory
from tests.unit.config.test_settings import GOOD


def test_the_till_keeps_the_times_that_were_set() -> None:
    """How long an order stays open, a notice may be late and a company may fail are settings, not constants."""
    told = {"GUITAI_ORDER_MINUTES": "7", "GUITAI_CONFIRM_AFTER_SECONDS": "8", "GUITAI_WRITE_OFF_HOURS": "9"}
    base = Foundation(load_settings(GOOD | told))
    adapters = ("store", "platforms", "back_ends", "catalogue", "directory", "clock", "keyring")
    base.__dict__.update(dict.fromkeys(adapters, _Anything()))
    till = base.till
    assert (till.order_minutes, till.confirm_after_seconds, till.write_off_hours) == (7, 8, 9)


class _Anything:
    """Stands for an adapter that is not used."""

    def find(self) -> None:
        """What a directory of back ends offers."""


def test_the_desk_of_cases_has_the_format_and_the_address_that_were_set() -> None:
    """Numbers look as the settings say; slips lead to the government's own pages, or else to the public app."""
    for told, expected in (
        ({}, ("{agency}{date}{number}{check}", "http://127.0.0.1:8600")),
        (
            {"GUITAI_CASE_NO_FORMAT": "A-{agency}-{number}", "GUITAI_WEB_URL": "https://w.example/"},
            ("A-{agency}-{number}", "https://w.example"),
        ),
    ):
        base = Foundation(load_settings(GOOD | told))
        parts = ("store", "catalogue", "clock", "keyring", "back_ends", "registers", "file_store", "slip_press")
        base.__dict__.update(dict.fromkeys(parts, _Anything()) | {"directory": FakeDirectory({"demo-city": uuid4()})})
        desk = base.case_desk
        assert (desk.number_format.pattern, desk.web_url) == expected
        assert desk.house is base.store
        assert base.applicants.desk is desk
