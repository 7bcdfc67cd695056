"""The public app as it is served, twice: with its ledger, and with an append that writes nothing and answers at once.

One person may ask ten times a minute what they owe; here they may ask as often as they can, in both.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from adapters.stores.exposure_log import SqlExposureLog
from gateway.serving import open_app
from services import bills
from services.exposure import Exposure


def write_nothing(_log: SqlExposureLog, exposures: Sequence[Exposure]) -> list[uuid.UUID]:
    """The stub: ids, and no record."""
    return [uuid.uuid4() for _ in exposures]


def __getattr__(name: str) -> Any:
    """``recorded`` or ``stubbed``, built once per process."""
    if name not in ("recorded", "stubbed"):
        raise AttributeError(name)
    bills.QUERIES_A_MINUTE = 10**9
    if name == "stubbed":
        SqlExposureLog.append = write_nothing  # type: ignore[method-assign,assignment]
    application = globals()[name] = open_app("public")
    return application
