"""The accounts document and the directory that is read from it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Engine

from adapters.stores import directory as directory_module
from adapters.stores.connection import open_engine
from adapters.stores.directory import SqlDirectory, import_accounts
from services.errors import ConfigurationFault
from services.model import MerchantMode, PlatformName
from tests.contract.samples import ACCOUNTS
from tests.databases import Database
from tests.fakes import FakeClock


@pytest.fixture(scope="module")
def engine(database: Database) -> Iterator[Engine]:
    """The public role's way to a database with the accounts of ``samples``."""
    import_accounts(database.owner_url, ACCOUNTS)
    made = open_engine(database.urls["public"])
    yield made
    made.dispose()


def list_ids(database: Database) -> dict[str, UUID]:
    with psycopg.connect(database.owner_url) as owner:
        return dict(owner.execute("SELECT slug, agency_id FROM agencies").fetchall())


def count_accounts(database: Database) -> tuple[object, ...] | None:
    with psycopg.connect(database.owner_url) as owner:
        query = "SELECT (SELECT count(*) FROM platform_apps), (SELECT count(*) FROM merchant_accounts)"
        return owner.execute(query).fetchone()


def test_import_is_repeatable(database: Database, engine: Engine) -> None:
    """Importing again keeps every id and adds nothing."""
    before = list_ids(database), count_accounts(database)
    import_accounts(database.owner_url, ACCOUNTS)
    assert (list_ids(database), count_accounts(database)) == before
    assert set(before[0]) == {"city", "gas", "water"}


def test_directory_reads_what_was_imported(database: Database, engine: Engine) -> None:
    """Agencies, app, merchant and back end come back with the agency that owns them."""
    found, ids = SqlDirectory(engine, FakeClock()), list_ids(database)
    assert found.root_agency() == found.agency_id("city") == ids["city"]
    assert set(found.all_agencies()) == set(ids.values())
    app = found.app_named("wechat-main")
    assert found.find_app(PlatformName.WECHAT, "wx1") == app
    assert found.find_app(PlatformName.ALIPAY, "wx1") is None
    assert (app.agency_id, app.secrets["app_secret"], app.options["template_new_login"]) == (
        ids["city"],
        "wechat.app_secret",
        "t1",
    )
    merchant = found.merchant_for(ids["gas"], app, "gas-company")
    assert merchant is not None
    assert merchant == found.merchant_named("gas-wechat")
    assert (merchant.mode, merchant.sub_merchant_id) == (MerchantMode.PARTNER, "190002")
    assert found.merchant_for(ids["water"], app, "gas-company") is None
    assert found.merchant_for(ids["gas"], replace(app, app_id="wx-of-another-office"), "gas-company") is None
    assert found.back_end(ids["gas"], "gas-company").url == "http://127.0.0.1:2"


def test_a_back_end_is_found_up_the_tree(database: Database, engine: Engine) -> None:
    """An agency's own one first, else that of the nearest agency above; never that of a sibling."""
    above = {"name": "treasury", "agency": "city", "url": "http://treasury.test"}
    own = {"name": "treasury", "agency": "water", "url": "postgresql://own.test/x"}
    import_accounts(database.owner_url, {**ACCOUNTS, "back_ends": [*ACCOUNTS["back_ends"], above, own]})
    found, ids = SqlDirectory(engine, FakeClock()), list_ids(database)
    assert found.back_end(ids["gas"], "treasury").url == found.back_end(ids["city"], "treasury").url == above["url"]
    assert found.back_end(ids["water"], "treasury").url == own["url"]
    with pytest.raises(ConfigurationFault, match="gas-company"):
        found.back_end(ids["water"], "gas-company")


@pytest.mark.parametrize("ask", ["agency_id", "app_named"])
def test_what_was_not_imported_is_a_fault(engine: Engine, ask: str) -> None:
    """A name that a mapping uses and no document gives is a configuration fault that names it."""
    with pytest.raises(ConfigurationFault, match="elsewhere"):
        getattr(SqlDirectory(engine, FakeClock()), ask)("elsewhere")


def test_merchant_counts_within_its_validity(database: Database, engine: Engine) -> None:
    """New orders go to the account that is valid now; a late notice still finds the old one."""
    document = copy.deepcopy(dict(ACCOUNTS))
    old, new = document["merchants"][0], copy.deepcopy(document["merchants"][0])
    old |= {"account": "gas-old", "payee": "p", "valid_until": "2026-11-02T10:00:00+08:00"}
    new |= {"account": "gas-new", "payee": "p", "valid_from": "2026-11-02T10:00:00+08:00"}
    import_accounts(database.owner_url, document | {"merchants": [old, new]})
    clock = FakeClock(datetime(2026, 11, 2, 1, 59, 59, tzinfo=UTC))
    found, gas = SqlDirectory(engine, clock), list_ids(database)["gas"]
    app = found.app_named("wechat-main")
    before = found.merchant_for(gas, app, "p")
    clock.advance(1)
    after = found.merchant_for(gas, app, "p")
    assert before is not None
    assert after is not None
    assert (before.account, after.account) == ("gas-old", "gas-new")
    assert found.merchant_named("gas-old") is not None


def test_directory_follows_an_import(database: Database, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A running process sees a later import without a restart, and keeps the last state if the store is gone."""
    monkeypatch.setattr(directory_module, "RELOAD_SECONDS", 0.0)
    found = SqlDirectory(engine, FakeClock())
    assert found.find_app(PlatformName.ALIPAY, "2021") is None
    app = {
        "app": "alipay-main",
        "agency": "city",
        "platform": "alipay",
        "app_id": "2021",
        "api_url": "http://127.0.0.1:1",
    }
    import_accounts(database.owner_url, {"agencies": ACCOUNTS["agencies"], "apps": [app]})
    assert found.find_app(PlatformName.ALIPAY, "2021") is not None
    with monkeypatch.context() as patched:
        patched.setattr(found, "_engine", open_engine("postgresql://nobody:x@127.0.0.1:1/nothing"))
        assert found.find_app(PlatformName.ALIPAY, "2021") is not None


def break_document(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    document = copy.deepcopy(dict(ACCOUNTS))
    change(document)
    return document


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda d: d.update(shops=[]), "shops: unknown section"),
        (lambda d: d["apps"][0].pop("app_id"), "apps[0]: app_id is missing"),
        (lambda d: d["apps"][0].update(colour="red"), "apps[0]: colour is unknown"),
        (lambda d: d["apps"][0].update(platform="paypal"), "apps[0]: platform is unknown"),
        (lambda d: d["apps"][0].update(agency="moon"), "apps[0]: agency is unknown"),
        (lambda d: d["apps"][0].update(secrets=["x"]), "apps[0]: secrets is not a mapping"),
        (lambda d: d["merchants"][0].update(mode="direct"), "sub_merchant_id belongs to partner mode"),
        (lambda d: d["merchants"][0].update(valid_from="2026-01-01"), "valid_from is not a moment"),
        (lambda d: d["merchants"][0].update(pay_url="ftp://x"), "pay_url is not an http"),
        (lambda d: d["merchants"][0].update(pay_url="postgresql://x/y"), "pay_url is not an http"),
        (
            lambda d: d["back_ends"][0].update(url="somewhere"),
            "url is not an http(s) address and not one of a database",
        ),
        (lambda d: d["agencies"][1].update(parent=None), "exactly one has no parent"),
        (
            lambda d: d["agencies"][1].update(parent="water") or d["agencies"][2].update(parent="gas"),
            "does not lead to the root",
        ),
        (lambda d: d["agencies"][1].update(name={"en": "Gas"}), "name is not in zh-CN and en"),
        (lambda d: d["apps"].append(d["apps"][0]), "two entries have the same app"),
        (lambda d: d.update(back_ends="x"), "back_ends: not a list"),
    ],
)
def test_faulty_document_changes_nothing(
    database: Database, engine: Engine, change: Callable[[dict[str, Any]], object], fault: str
) -> None:
    """Each fault is named by its place, and nothing of a faulty document is written."""
    with psycopg.connect(database.owner_url) as owner:
        before = owner.execute("SELECT version FROM directory_version").fetchone()
    with pytest.raises(ConfigurationFault) as refused:
        import_accounts(database.owner_url, break_document(change))
    assert fault in str(refused.value)
    with psycopg.connect(database.owner_url) as owner:
        assert owner.execute("SELECT version FROM directory_version").fetchone() == before


def test_all_faults_are_told_at_once() -> None:
    """Two faults make one message with both."""
    document = break_document(lambda d: (d["apps"][0].pop("app_id"), d["back_ends"][0].pop("url")))
    with pytest.raises(ConfigurationFault, match=r"app_id is missing.*url is missing"):
        import_accounts("postgresql://never-asked", document)
