"""Through which versions of a service a late result may come: the one in force, then those with which applications began.

A new version may change how results arrive, the key under which they are pushed, or the back end. What was applied for under an earlier
one still learns its result in the way that was agreed then.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from services.application_graph import AT_BACK_END, UNDER_WAY
from services.errors import ServiceUnknown
from services.mapping import ServiceMapping
from services.till import Till

OPEN = sorted(AT_BACK_END | UNDER_WAY)
REPEAT_DAYS = 7
"""For so long after its last application was decided a version still hears: an office repeats what it saw no answer to."""


def list_in_use(till: Till, agency_id: UUID, service: str) -> Mapping[int, datetime | None]:
    """Each version with open or lately decided applications, and when the newest open one was made. Raises ``StoreUnavailable``."""
    since = till.clock.now() - timedelta(days=REPEAT_DAYS)
    with till.store.begin((agency_id,)) as tx:
        return tx.applications.list_versions(service, OPEN, since)


def list_arriving(
    till: Till, present: ServiceMapping, in_use: Mapping[int, datetime | None], arrives: str
) -> list[ServiceMapping]:
    """The mappings whose results arrive in this way: the one in force first, then earlier ones, newest first."""
    earlier = (find_version(till, present.id, one) for one in sorted(in_use, reverse=True) if one != present.version)
    return [one for one in (present, *earlier) if one is not None and one.late and one.late.arrives == arrives]


def find_version(till: Till, service: str, version: int) -> ServiceMapping | None:
    """A version, or None if it can no longer be read."""
    try:
        return till.catalogue.service_at(service, version)
    except ServiceUnknown:
        return None
