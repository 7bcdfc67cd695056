"""The accounts document of a sandbox: made from what its two documents say, whatever agencies, payees and back ends they name."""

from __future__ import annotations

import ast
import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from adapters.sandbox.office import find_offices
from adapters.sandbox.serving import RunningSandbox, start_sandbox
from adapters.stores.accounts_document import check_document
from gateway.launch.accounts import make_accounts
from tests.fakes import ROOT
from tests.peers.wechat_merchant import StillClock

PLATFORMS = {"wechat", "alipay"}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> RunningSandbox:
    """What a sandbox wrote of its platforms, its companies and its treasury."""
    only = {*PLATFORMS, "gas", "water", "power", "treasury", "register"}
    running = start_sandbox(tmp_path_factory.mktemp("accounts"), only=only, clock=StillClock())
    running.stop()
    return running


def make(sandbox: RunningSandbox, folder: Path, bindings: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return make_accounts(sandbox.credentials, bindings or sandbox.bindings, sandbox.addresses, folder)


def test_the_document_is_whole(sandbox: RunningSandbox, tmp_path: Path) -> None:
    """It has the form of an accounts document, and every secret that it names is there for its owner alone."""
    document = make(sandbox, tmp_path)
    check_document(document)
    named = {name for section in document.values() for entry in section for name in entry.get("secrets", {}).values()}
    files = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert set(files) == named
    assert set(files.values()) == {0o600}


def test_every_payee_is_paid_on_both_platforms(sandbox: RunningSandbox, tmp_path: Path) -> None:
    """One merchant account for each payee and platform, with the agency that the payee's money belongs to."""
    merchants = make(sandbox, tmp_path)["merchants"]
    payees = {office.payee.name: office for office in find_offices().values() if office.payee}
    assert sorted((one["payee"], one["platform"]) for one in merchants) == sorted(
        (payee, platform) for payee in payees for platform in PLATFORMS
    )
    for one in merchants:
        office = payees[one["payee"]]
        assert office.payee is not None
        assert one["agency"] == (office.payee.agency or office.agency).slug
        assert one["account"] == f"{office.name}-{one['platform']}"
    assert [one["app"] for one in make(sandbox, tmp_path)["apps"]] == ["wechat-main", "alipay-main"]


def test_no_secret_stands_in_the_document(sandbox: RunningSandbox, tmp_path: Path) -> None:
    """It holds names; the values are in files."""
    text = repr(make(sandbox, tmp_path))
    secrets = [path.read_text("utf-8") for path in tmp_path.iterdir()]
    assert secrets
    assert not [name for name in secrets if name.strip() in text]


def test_back_ends_of_two_agencies_keep_their_secrets_apart(sandbox: RunningSandbox, tmp_path: Path) -> None:
    """The treasury is bound for two agencies: the same value under a name of each."""
    bound = [one for one in make(sandbox, tmp_path)["back_ends"] if one["name"] == "treasury"]
    assert len({one["agency"] for one in bound}) == len(bound) == 2
    names = {one["secrets"]["api_key"] for one in bound}
    assert len(names) == 2
    assert {(tmp_path / name).read_text("utf-8") for name in names} == {sandbox.credentials["treasury"]["api_key"]}


def test_what_nobody_has_ever_heard_of(sandbox: RunningSandbox, tmp_path: Path) -> None:
    """An agency, a back end and a payee with names of somebody's own come through as they are."""
    bindings = copy.deepcopy(sandbox.bindings)
    bindings["agencies"].append({"slug": "moon", "name": {"zh-CN": "月", "en": "Moon"}, "parent": "demo-city"})
    bindings["back_ends"].append(
        {
            "name": "moon-desk",
            "agency": "moon",
            "url": "mysql://127.0.0.1/moon",
            "secrets": {"pass": "x"},
            "options": {"o": "1"},
        }
    )
    bindings["payees"] = [
        {"payee": "moon-till", "agency": "moon", "accounts": {"wechat": "gas-wechat", "alipay": "gas-alipay"}}
    ]
    document = make(sandbox, tmp_path, bindings)
    check_document(document)
    assert document["back_ends"][-1] == {
        "name": "moon-desk",
        "agency": "moon",
        "url": "mysql://127.0.0.1/moon",
        "secrets": {"pass": "moon.moon-desk.pass"},
        "options": {"o": "1"},
    }
    assert {(one["payee"], one["agency"]) for one in document["merchants"]} == {("moon-till", "moon")}


def test_the_launcher_knows_no_office_by_name() -> None:
    """No agency, company or back end of the sandbox stands in the launcher's Python."""
    offices = find_offices().values()
    names = {name for office in offices for name in (office.agency.slug, *office.back_ends)}
    names |= {office.payee.name for office in offices if office.payee}
    for path in sorted((ROOT / "gateway" / "launch").glob("*.py")):
        texts = {node.value for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Constant)}
        assert not names & {text for text in texts if isinstance(text, str)}, path.name
