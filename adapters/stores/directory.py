"""Agencies, apps, merchant accounts and back ends: imported from a document, read as one snapshot."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Connection, Engine, Table, create_engine, delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.pool import NullPool

from adapters.clock import SystemClock
from adapters.ids import make_id
from adapters.stores.accounts_document import check_document, read_moment
from adapters.stores.connection import driver_url, open_engine, reporting_unavailability
from adapters.stores.tables.directory import agencies, back_ends, directory_version, merchant_accounts, platform_apps
from adapters.stores.tables.mails import supervision_mailboxes
from services.doors import find_own_app, is_own, own_app
from services.errors import ConfigurationFault
from services.model import BackEndAddress, MerchantAccount, MerchantMode, PlatformApp, PlatformName
from services.ports import Clock

K = TypeVar("K")
V = TypeVar("V")
RELOAD_SECONDS = 5.0


def import_accounts(owner_url: str, document: Mapping[str, Any]) -> None:
    """Write an accounts document, by slug and name; what it does not mention stays. Importing it again changes nothing.

    Raises ``ConfigurationFault`` with all faults, ``StoreUnavailable``.
    """
    check_document(document)
    engine = create_engine(driver_url(owner_url), poolclass=NullPool, hide_parameters=True)
    with reporting_unavailability(), engine.begin() as connection:
        connection.execute(text("UPDATE directory_version SET version = version + 1"))
        ids = _write_agencies(connection, document.get("agencies", []))
        for entry in document.get("apps", []):
            _write(connection, platform_apps, "app", ids, entry, ("app", "platform", "app_id", "api_url"))
        for entry in document.get("merchants", []):
            columns = ("account", "platform", "app_id", "merchant_id", "mode", "sub_merchant_id", "pay_url", "payee")
            moments = {name: read_moment(entry.get(name)) for name in ("valid_from", "valid_until")}
            _write(connection, merchant_accounts, "account", ids, entry, columns, **moments)
        for entry in document.get("back_ends", []):
            _write(connection, back_ends, "name", ids, entry, ("name", "url"))


def _write_agencies(connection: Connection, entries: Iterable[Mapping[str, Any]]) -> dict[str, UUID]:
    """Parents first; an agency keeps its id for ever."""
    ids = {row.slug: row.agency_id for row in connection.execute(select(agencies))}
    waiting = list(entries)
    while waiting:
        ready = [entry for entry in waiting if entry.get("parent") is None or entry["parent"] in ids]
        for entry in ready:
            ids.setdefault(entry["slug"], make_id(SystemClock().now()))
            cells = {"parent_id": ids[entry["parent"]] if entry.get("parent") else None, "name": dict(entry["name"])}
            row = insert(agencies).values(agency_id=ids[entry["slug"]], slug=entry["slug"], **cells)
            connection.execute(row.on_conflict_do_update(index_elements=["slug"], set_=cells))
            if "supervision_mail" in entry:
                _write_mailboxes(connection, ids[entry["slug"]], entry["supervision_mail"])
        waiting = [entry for entry in waiting if entry not in ready]
    return ids


def _write_mailboxes(connection: Connection, agency_id: UUID, addresses: Iterable[str]) -> None:
    """An agency's list is the whole list: whoever does not stand in it any more is written to no more."""
    connection.execute(delete(supervision_mailboxes).where(supervision_mailboxes.c.agency_id == agency_id))
    for address in dict.fromkeys(addresses):
        connection.execute(insert(supervision_mailboxes).values(agency_id=agency_id, address=address))


def _write(
    connection: Connection, table: Table, key: str, ids: Mapping[str, UUID], entry: Mapping[str, Any],
    columns: Iterable[str], **more: datetime | None,
) -> None:  # fmt: skip
    cells: dict[str, Any] = {name: entry.get(name) for name in columns} | more
    cells |= {name: dict(entry.get(name) or {}) for name in ("secrets", "options")} | {
        "agency_id": ids[entry["agency"]]
    }
    target = ["agency_id", key] if table is back_ends else [key]
    connection.execute(insert(table).values(**cells).on_conflict_do_update(index_elements=target, set_=cells))


@dataclass(frozen=True)
class _Snapshot:
    version: int
    root: UUID
    agencies: Mapping[str, UUID]
    apps: Mapping[str, PlatformApp]
    merchants: Mapping[str, MerchantAccount]
    back_ends: Mapping[tuple[UUID, str], BackEndAddress]
    parents: Mapping[UUID, UUID | None]
    names: Mapping[UUID, tuple[str, str]]


class SqlDirectory:
    """``ports.Directory``: one snapshot in memory; at most every five seconds it asks whether the import has moved on.

    The first load may raise ``StoreUnavailable`` or ``ConfigurationFault``; later the last snapshot stays in force.
    """

    def __init__(self, where: str | Engine, clock: Clock) -> None:
        self._engine = open_engine(where)
        self._clock = clock
        self._lock = threading.Lock()
        self._snapshot: _Snapshot | None = None
        self._asked_at = 0.0

    def root_agency(self) -> UUID:
        return self._present().root

    def agency_id(self, slug: str) -> UUID:
        """Raises ``ConfigurationFault`` for a slug that was not imported."""
        return _require(self._present().agencies, slug, f"agency {slug}")

    def all_agencies(self) -> tuple[UUID, ...]:
        return tuple(self._present().agencies.values())

    def agency_names(self) -> Mapping[UUID, tuple[str, str]]:
        """Its slug where it has no name in a language."""
        return self._present().names

    def slug_of(self, agency_id: UUID) -> str:
        """How an operator calls an agency; its id where it is not known."""
        return next((slug for slug, one in self._present().agencies.items() if one == agency_id), str(agency_id))

    def parent_of(self, agency_id: UUID) -> UUID | None:
        """The agency above one in the tree; None for the root, and for one that is not known."""
        return self._present().parents.get(agency_id)

    def find_app(self, platform: PlatformName, app_id: str) -> PlatformApp | None:
        if is_own(platform):
            return own_app(platform, self.root_agency()) if app_id == platform else None
        apps = self._present().apps.values()
        return next((app for app in apps if (app.platform, app.app_id) == (platform, app_id)), None)

    def apps_on(self, platform: PlatformName) -> tuple[PlatformApp, ...]:
        """Our mini-programs on one platform, by their names."""
        return tuple(app for _, app in sorted(self._present().apps.items()) if app.platform is platform)

    def app_named(self, app: str) -> PlatformApp:
        """An own door by its name, or an imported app. Raises ``ConfigurationFault`` for any other."""
        own = find_own_app(app, self.root_agency())
        return own or _require(self._present().apps, app, f"app {app}")

    def merchant_for(self, agency_id: UUID, app: PlatformApp, payee: str) -> MerchantAccount | None:
        """The account bound to this app that is valid now; of several the one whose validity began last."""
        now, wanted = self._clock.now(), (agency_id, app.platform, app.app_id, payee)
        valid = [
            merchant
            for merchant in self._present().merchants.values()
            if (merchant.agency_id, merchant.platform, merchant.app_id, merchant.payee) == wanted
            and (merchant.valid_from is None or merchant.valid_from <= now)
            and (merchant.valid_until is None or now < merchant.valid_until)
        ]
        return max(valid, key=lambda found: (found.valid_from is not None, found.valid_from or now), default=None)

    def merchant_named(self, account: str) -> MerchantAccount | None:
        """Also one that is no longer valid: its late notices still count."""
        return self._present().merchants.get(account)

    def back_end(self, agency_id: UUID, name: str) -> BackEndAddress:
        """The one of this agency, else of the nearest agency above it. Raises ``ConfigurationFault`` for one that was not imported."""
        present, agency = self._present(), agency_id
        while (agency, name) not in present.back_ends:
            above = present.parents.get(agency)
            if above is None:
                raise ConfigurationFault(f"back end {name} is not in the directory")
            agency = above
        return present.back_ends[agency, name]

    def platform_urls(self, platform: PlatformName) -> frozenset[str]:
        """Every address of a platform that an app or a merchant account names: its allow-list."""
        present = self._present()
        apps = {app.api_url for app in present.apps.values() if app.platform is platform}
        return frozenset(apps | {row.pay_url for row in present.merchants.values() if row.platform is platform})

    def back_end_urls(self, name: str) -> frozenset[str]:
        """Every address of a back end of this name: its allow-list."""
        return frozenset(row.url for row in self._present().back_ends.values() if row.name == name)

    def _present(self) -> _Snapshot:
        with self._lock:
            known = self._snapshot
            if known is not None and time.monotonic() - self._asked_at < RELOAD_SECONDS:
                return known
            self._asked_at = time.monotonic()
            try:
                self._snapshot = _load(self._engine, known)
            except Exception:
                if known is None:
                    raise
                return known
            return self._snapshot


def _require(known: Mapping[K, V], name: K, what: str) -> V:
    if name not in known:
        raise ConfigurationFault(f"{what} is not in the directory")
    return known[name]


def _load(engine: Engine, known: _Snapshot | None) -> _Snapshot:
    with reporting_unavailability(), engine.connect() as connection:
        version = int(connection.execute(select(directory_version.c.version)).scalar() or 0)
        if known is not None and known.version == version:
            return known
        rows = list(connection.execute(select(agencies)))
        slugs = {row.slug: (row.agency_id, row.parent_id) for row in rows}
        roots = [agency_id for agency_id, parent_id in slugs.values() if parent_id is None]
        if len(roots) != 1:
            raise ConfigurationFault("no agencies are imported: import an accounts document")
        return _Snapshot(
            version,
            roots[0],
            {slug: agency_id for slug, (agency_id, _) in slugs.items()},
            {row.app: _read_app(row) for row in connection.execute(select(platform_apps))},
            {row.account: _read_merchant(row) for row in connection.execute(select(merchant_accounts))},
            {(row.agency_id, row.name): _read_back_end(row) for row in connection.execute(select(back_ends))},
            dict(slugs.values()),
            {row.agency_id: (row.name.get("zh-CN", row.slug), row.name.get("en", row.slug)) for row in rows},
        )


def _read_app(row: Any) -> PlatformApp:
    return PlatformApp(
        row.agency_id, row.app, PlatformName(row.platform), row.app_id, row.api_url, row.secrets, row.options
    )


def _read_merchant(row: Any) -> MerchantAccount:
    return MerchantAccount(
        row.agency_id, row.account, PlatformName(row.platform), row.app_id, row.merchant_id, MerchantMode(row.mode),
        row.pay_url, row.sub_merchant_id, row.payee, row.secrets, row.options, row.valid_from, row.valid_until,
    )  # fmt: skip


def _read_back_end(row: Any) -> BackEndAddress:
    return BackEndAddress(row.agency_id, row.name, row.url, row.secrets, row.options)
