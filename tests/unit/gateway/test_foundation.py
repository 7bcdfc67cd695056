"""What the settings say reaches those who act by it."""

from __future__ import annotations

from config.settings import load_settings
from gateway.foundation import Foundation
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
