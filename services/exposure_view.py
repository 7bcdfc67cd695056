"""What a citizen may read of the exposure ledger from inside a platform's app: what this platform may have seen of them.

Only the part of the platform through which they ask: the other platform must not learn from this screen that the person is its
customer too. The whole opens on the government's own page. PIPL articles 44, 45 and 48: the right to know and to be told why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.catalogue import Catalogue
from services.doors import PLATFORMS, is_own
from services.errors import InputRefused
from services.exposure_survey import EVERYTHING, SeenChoice, SeenField, SeenRecord, SeenSurvey, group_records
from services.model import Caller, JsonValue, Language, Page, PlatformName
from services.ports import ExposureReader, Store

PAGE_SIZE = 50
READ_AT_ONCE = 500
MOST = 5000
"""How many of the newest records a choice and its groups look through."""

LIMITS_OF_KNOWLEDGE: Mapping[Language, str] = {
    Language.ZH_CN: (
        "这里列出的是本平台可能看到的内容。平台自行观察到的（点击、时间、地点、屏幕）以及其云端或代理所保存的，本系统无法知道。"
        "此处只显示本平台的部分；全部记录请在政府网站查看。"
    ),
    Language.EN: (
        "This lists what this platform may have seen. What the platform observes by itself (taps, times, place, screen) and what "
        "its cloud or a proxy keeps cannot be known here. Only this platform's part is shown; the whole is on the government's site."
    ),
}

LIMITS_AT_AN_OWN_DOOR: Mapping[Language, str] = {
    Language.ZH_CN: (
        "这里列出各平台可能看到的全部内容。平台自行观察到的（点击、时间、地点、屏幕）以及其云端或代理所保存的，本系统无法知道。"
        "您在本网站和服务窗口所填、所看的，任何平台都看不到。"
    ),
    Language.EN: (
        "This lists all that each platform may have seen. What a platform observes by itself (taps, times, place, screen) and what its "
        "cloud or a proxy keeps cannot be known here. What you enter and see on this site and at the window is seen by no platform."
    ),
}


def say_limits(door: PlatformName, language: Language) -> str:
    """What no record can know, as it is told at this door."""
    return (LIMITS_AT_AN_OWN_DOOR if is_own(door) else LIMITS_OF_KNOWLEDGE)[language]


@dataclass(frozen=True, slots=True)
class ExposureDesk:
    """Reads the ledger for the person in front. The catalogue has the words for its codes."""

    store: Store
    reader: ExposureReader
    words: Catalogue

    def list_seen(self, caller: Caller, cursor: str | None, choice: SeenChoice = EVERYTHING) -> Page[SeenRecord]:
        """A page of chosen records on the caller's platform, at an own door of every platform, newest first.

        Raises ``InputRefused`` for a cursor of another form.
        """
        before = read_cursor(cursor)
        stopped: UUID | None = None
        if choice == EVERYTHING:
            found = self._read(caller, choice, PAGE_SIZE + 1, before)
        else:
            found, stopped = self._read_chosen(caller, choice, before, PAGE_SIZE + 1)
        page = [explain_record(self.words, leaf, caller.language) for leaf in found[:PAGE_SIZE]]
        following = page[-1].record_id if len(found) > PAGE_SIZE else stopped
        return Page(page, str(following) if following else None)

    def survey_seen(self, caller: Caller, choice: SeenChoice = EVERYTHING) -> SeenSurvey:
        """The chosen records grouped by purpose, and what can be chosen."""
        everything, stopped = self._read_chosen(caller, SeenChoice(choice.platform), None, MOST)
        told = [(leaf, explain_record(self.words, leaf, caller.language)) for leaf in everything]
        return SeenSurvey(
            groups=group_records([one for leaf, one in told if choice.admits(leaf)]),
            services=tuple(sorted({one.service: one.service_title for _, one in told}.items())),
            purposes=tuple(sorted({one.purpose_code: one.purpose for _, one in reversed(told)}.items())),
            whole=stopped is None,
        )

    def _read_chosen(
        self, caller: Caller, choice: SeenChoice, before: UUID | None, most: int
    ) -> tuple[list[Mapping[str, JsonValue]], UUID | None]:
        """Chosen leaves, newest first, and the record after which nothing was looked at, None if all were: ``MOST`` are at once."""
        found: list[Mapping[str, JsonValue]] = []
        for _ in range(MOST // READ_AT_ONCE):
            leaves = self._read(caller, choice, READ_AT_ONCE, before)
            found += [leaf for leaf in leaves if choice.admits(leaf)]
            if len(leaves) < READ_AT_ONCE:
                return found[:most], None
            before = UUID(leaves[-1]["id"])
            if len(found) >= most:
                break
        return found[:most], before

    def _read(
        self, caller: Caller, choice: SeenChoice, limit: int, before: UUID | None
    ) -> list[Mapping[str, JsonValue]]:
        """The newest leaves of the platforms that may be shown at this door."""
        with self.store.begin(caller.agencies) as tx:
            chains = tx.persons.list_chains(caller.person_id)
        shown = PLATFORMS if is_own(caller.app.platform) else (caller.app.platform,)
        asked = [one for one in shown if choice.platform in (None, one)]
        leaves = [leaf for one in asked for leaf in self.reader.list_of_chains(chains, one, limit, before)]
        return sorted(leaves, key=lambda leaf: UUID(leaf["id"]), reverse=True)[:limit]


def explain_record(words: Catalogue, leaf: Mapping[str, JsonValue], language: Language) -> SeenRecord:
    """A leaf of the ledger in plain words."""
    outcome = leaf["outcome"] if isinstance(leaf.get("outcome"), str) else None
    return SeenRecord(
        record_id=UUID(leaf["id"]),
        at=datetime.fromisoformat(leaf["at"]),
        direction=leaf["direction"],
        direction_label=words.direction(leaf["direction"], language),
        service=leaf["service"],
        service_title=words.title(leaf["service"], language),
        purpose=words.purpose(leaf["purpose"], language, leaf["service"]),
        legal_basis=leaf["legal_basis"],
        fields=tuple(SeenField(name, words.label(name, language)) for name in leaf["fields"]),
        outcome=outcome,
        outcome_label=words.outcome(outcome, language) if outcome else None,
        platform=leaf.get("platform"),
        purpose_code=leaf["purpose"],
        about=UUID(leaf["subject"]) if leaf.get("subject") else None,
    )


def read_cursor(cursor: str | None) -> UUID | None:
    """The record after which a page begins; raises ``InputRefused``."""
    if cursor is None:
        return None
    try:
        return UUID(cursor)
    except ValueError as error:
        raise InputRefused(detail={"cursor": "form"}) from error
