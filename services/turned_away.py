"""People whom a platform turned away, with a blocked account or a refused payment: counted by the day, never who.

What they are told, with the way that stays open to them (the government's own page, the window), stands in the fixed sentences of
``platform_refused`` and ``platform_account_blocked``.
"""

from __future__ import annotations

from uuid import UUID

from services.census_record import Ground, Occasion
from services.errors import PlatformAccountBlocked, PlatformRefused, StoreUnavailable
from services.model import PlatformName
from services.ports import Clock, Store
from services.till import business_day

KNOCK = "census-"
"""How a log-in code begins with which nobody wants to come in: the census asks whether the door answers, and is no person."""


def count_turned_away(
    store: Store, clock: Clock, agency_id: UUID, platform: PlatformName, occasion: Occasion, refused: PlatformRefused
) -> None:
    """One more on this day (in China). A store that is away keeps nobody from being told: then this one is not counted."""
    ground = Ground.ACCOUNT if isinstance(refused, PlatformAccountBlocked) else Ground.REFUSED
    try:
        with store.begin([agency_id]) as tx:
            tx.census.count_turned_away(agency_id, business_day(clock.now()), platform, occasion, ground)
    except StoreUnavailable:
        return
