"""What the watchman calls wrong of the ledger's log: a sequencer that does not look, what waits, what is not cosigned."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from services.alert_record import SweepRun
from services.watch import LedgerSighting, Sighting, Trouble, TroubleKind, WatchTerms, find_troubles, measure_ledger
from services.watch_diary import Outage
from services.watch_words import say_trouble, write_letter

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
TERMS = WatchTerms()
FAR = {"CN": date(2027, 12, 31)}
BOX = ("duty@city.example.gov.cn",)
MINUTE = timedelta(minutes=1)


def run_at(at: datetime) -> SweepRun:
    """A sweep that came as far as its moment."""
    return SweepRun(at, at, 0, 0)


@pytest.mark.parametrize(
    ("ledger", "late"),
    [
        (LedgerSighting(NOW - MINUTE), []),
        (LedgerSighting(NOW - MINUTE - timedelta(seconds=1)), ["sequencer"]),
        (LedgerSighting(None), []),
        (LedgerSighting(None, NOW), ["sequencer"]),
        (LedgerSighting(NOW, NOW - MINUTE, NOW - 10 * MINUTE), []),
        (LedgerSighting(NOW, NOW - 2 * MINUTE), ["waiting"]),
        (LedgerSighting(NOW, None, NOW - 11 * MINUTE), ["witness"]),
        (LedgerSighting(NOW + 60 * MINUTE, NOW + 60 * MINUTE, NOW + 60 * MINUTE), ["sequencer", "waiting", "witness"]),
    ],
    ids=[
        "looks",
        "late",
        "nothing yet",
        "never",
        "just in time",
        "waits",
        "not cosigned",
        "all of it before the clock was set back",
    ],
)
def test_the_log_is_late_by_the_clock_port(ledger: LedgerSighting, late: list[str]) -> None:
    """Each is about what is not done now: after a clock that was set back the next look, place or cosignature ends it."""
    found = find_troubles(Sighting(run_at(NOW), FAR, ledger=ledger), TERMS, NOW)
    assert [one.key for one in found] == late
    for trouble in found:
        chinese, english = say_trouble(trouble)
        assert chinese != say_trouble(Trouble(TroubleKind.STORE))[0]
        letter = write_letter(Outage(trouble, NOW), BOX, NOW)
        assert (chinese in letter.text, english in letter.text) == (True, True)
    after = LedgerSighting(NOW)
    assert find_troubles(Sighting(run_at(NOW), FAR, ledger=after), TERMS, NOW) == ()


def test_how_the_log_is_kept_is_measured() -> None:
    """Seconds by the clock port, and nothing where there is nothing."""
    seen = Sighting(None, {}, ledger=LedgerSighting(NOW - MINUTE, NOW + MINUTE))
    assert measure_ledger(seen, NOW) == {
        "sequencer_looked_seconds": 60.0, "oldest_waiting_seconds": -60.0, "uncosigned_seconds": None,
    }  # fmt: skip
