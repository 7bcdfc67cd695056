"""The desk at which cases are worked on: the ports that every use case of cases needs, whoever calls it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from services.alert_plan import ORANGE_PERCENT
from services.case_ports import CaseHouse, FileStore, NumberFormat, Printer, Registers, SlipPress, TextMessages
from services.catalogue import Catalogue
from services.mapping import ServiceMapping
from services.model import JsonValue, PlatformName
from services.notice_ladder import TellingTerms
from services.ports import BackEnd, Clock, Directory, KeyedHash, Platform, Store


@dataclass(frozen=True, slots=True)
class CaseDesk:
    """What cases need in the public, the web, the console and the worker process alike.

    ``house`` is the store of the process's own role. ``request_id`` is the request or job at hand: events keep it.
    ``web_url`` is the address of the government's own page: where slips lead and full texts are read.
    """

    house: CaseHouse
    catalogue: Catalogue
    directory: Directory
    clock: Clock
    new_id: Callable[[], UUID]
    random: Callable[[int], bytes]
    keyed_hash: KeyedHash
    files: FileStore
    slips: SlipPress
    back_end_of: Callable[[ServiceMapping], BackEnd]
    web_url: str
    number_format: NumberFormat = field(default_factory=NumberFormat)
    request_id: str | None = None
    registers: Registers | None = None
    """Who may act for whom is asked of these; only the worker works without them."""
    orange_percent: int = ORANGE_PERCENT
    """The share of the promised budget at which the supervision office is warned."""

    def name_cause(self) -> dict[str, JsonValue]:
        """What an event keeps of the request that caused it."""
        return {"request_id": self.request_id} if self.request_id else {}


@dataclass(frozen=True, slots=True)
class CaseWorkshop:
    """What the worker has beside the desk: it prints, it tells people. Nothing here decides.

    ``accounts`` is the same store as ``desk.house``, with the accounts beside the cases; ``telling``: when people are told how.
    """

    desk: CaseDesk
    printer: Printer
    platforms: Mapping[PlatformName, Platform]
    text_messages: TextMessages
    accounts: Store
    telling: TellingTerms = field(default_factory=TellingTerms)
