"""The frame of offices: found by themselves, bound by a document, paid on both platforms, added by a folder of one's own."""

from __future__ import annotations

import json
import logging
import stat
from pathlib import Path
from typing import Any

import pytest

from adapters.sandbox.agencies import GAS_OFFICE, LEVELS
from adapters.sandbox.bindings import make_bindings
from adapters.sandbox.context import SandboxContext
from adapters.sandbox.office import Agency, Binding, Office, OfficeFault, Payee, Place, find_offices, load_offices
from adapters.sandbox.portal import open_portal
from adapters.sandbox.routing import Router, answer_json
from adapters.sandbox.serving import start_sandbox
from tests.peers.wechat_merchant import StillClock, control

OWN = """
from adapters.sandbox.office import Agency, Binding, Office, Payee
from adapters.sandbox.routing import Router, answer_json

def build(context):
    router = Router()
    router.add("GET", "/_sandbox/canaries", lambda _: answer_json([context.credentials["library"]["api_key"]]))
    return router

OFFICE = Office(
    name="library", agency=Agency("demo-library", "演示市图书馆", "Demo City Library"), back_ends=("library-desk",), build=build,
    make_credentials=lambda _folder: {"api_key": "k"}, bind=lambda place: Binding(secrets={"api_key": place.credentials["api_key"]}),
    payee=Payee("library-till"),
)
"""


def make_office(name: str = "gas", **change: Any) -> Office:
    """An office that answers nothing."""
    facts: dict[str, Any] = {"agency": GAS_OFFICE, "back_ends": (f"{name}-desk",), "build": lambda _context: Router()}
    return Office(name=name, **facts | change)


def test_every_module_of_the_package_is_an_office() -> None:
    """No list names them: each module has one, under a name of its own, in alphabetical order."""
    offices = find_offices()
    modules = {path.stem for path in (Path(__file__).parents[4] / "adapters/sandbox/offices").glob("[a-z]*.py")}
    assert {name.replace("-", "_") for name in offices} == modules
    assert list(offices) == sorted(offices)
    bound = [name for office in offices.values() for name in office.back_ends]
    assert len(set(bound)) == len(bound)


def test_agencies_hang_on_one_root() -> None:
    """All offices together make one tree."""
    listed = make_bindings(find_offices(), {})["agencies"]
    slugs = [entry["slug"] for entry in listed]
    assert len(set(slugs)) == len(slugs)
    assert [entry["slug"] for entry in listed if entry["parent"] is None] == [LEVELS[0].slug]
    assert [one.slug for one in LEVELS] == slugs[:3], "province, city, district"
    assert {entry["parent"] for entry in listed} <= {None, *slugs}


def test_a_back_end_is_bound_with_its_test_address() -> None:
    """For its own agency and for those that use it too, each once more under ``-test``."""
    other = Agency("demo-other", "别处", "Elsewhere")
    office = make_office(
        back_ends=("a-desk", "b-desk"),
        also_for=(other, GAS_OFFICE),
        bind=lambda place: Binding({"key": place.credentials["key"]}, {"branch": "7"}, f"{place.address}/in"),
    )
    bound = make_bindings({"gas": office}, {"gas": Place({"key": "v"}, "http://127.0.0.1:1")})["back_ends"]
    assert {(entry["name"], entry["agency"]) for entry in bound} == {
        (name, agency)
        for name in ("a-desk", "a-desk-test", "b-desk", "b-desk-test")
        for agency in (GAS_OFFICE.slug, other.slug)
    }
    assert {(entry["url"], json.dumps(entry["secrets"]), json.dumps(entry["options"])) for entry in bound} == {
        ("http://127.0.0.1:1/in", '{"key": "v"}', '{"branch": "7"}')
    }


def test_two_agencies_in_one_slug_are_refused() -> None:
    """Two offices may share an agency, not its name for different ones."""
    offices = {"a": make_office("a"), "b": make_office("b", agency=Agency(GAS_OFFICE.slug, "另一个", "Another"))}
    with pytest.raises(OfficeFault, match="two agencies"):
        make_bindings(offices, {})


def test_a_payee_that_comes_later_gets_its_accounts(tmp_path: Path) -> None:
    """Accounts that exist stay as they are, to the letter; the new payee has one on each platform, in the modes that it states."""
    first = open_portal(tmp_path, {"wechat", "alipay"}, {"gas": make_office(payee=Payee("gas-till"))})
    before = json.dumps(first)
    late = make_office("late", payee=Payee("late-till", partner=False, certificates=True))
    both = open_portal(tmp_path, {"wechat", "alipay"}, {"gas": make_office(payee=Payee("gas-till")), "late": late})
    assert [one["account"] for one in both["wechat"]["merchants"]] == ["gas-wechat", "late-wechat"]
    assert [one["account"] for one in both["alipay"]["apps"]] == ["alipay-main", "gas-alipay", "late-alipay"]
    assert json.loads(before)["wechat"]["merchants"][0] == both["wechat"]["merchants"][0]
    assert json.loads(before)["alipay"]["apps"] == both["alipay"]["apps"][:2]
    wechat, alipay = both["wechat"]["merchants"][1], both["alipay"]["apps"][2]
    assert (wechat["mode"], wechat["sub_merchant_id"], wechat["verification"]) == ("direct", None, "certificates")
    assert alipay["mode"] == "certificate"
    assert all(Path(alipay[f"{name}_certificate_file"]).exists() for name in ("app", "alipay", "root"))
    assert open_portal(tmp_path, {"wechat"}, {}) == both


def test_a_folder_of_ones_own(tmp_path: Path) -> None:
    """A file with an office in it is an emulator like any other: address, credentials, bindings, accounts of its payee."""
    (tmp_path / "offices").mkdir()
    (tmp_path / "offices" / "library.py").write_text(OWN, "utf-8")
    offices = load_offices(tmp_path / "offices")
    running = start_sandbox(tmp_path / "home", only={"library", "wechat"}, clock=StillClock(), offices=offices)
    try:
        assert control(running.addresses["library"], "/_sandbox/canaries") == ["k"]
        written = json.loads((tmp_path / "home" / "bindings.json").read_text("utf-8"))
        assert written == running.bindings
        assert stat.S_IMODE((tmp_path / "home" / "bindings.json").stat().st_mode) == 0o600
        assert {entry["name"] for entry in written["back_ends"]} == {"library-desk", "library-desk-test"}
        assert {"payee": "library-till", "agency": "demo-library", "accounts": {
            "wechat": "library-wechat", "alipay": "library-alipay"}} in written["payees"]  # fmt: skip
        assert "library-wechat" in [one["account"] for one in running.credentials["wechat"]["merchants"]]
    finally:
        running.stop()


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("", "has no OFFICE"),
        ("OFFICE = 1", "has no OFFICE"),
        (OWN.replace('name="library"', 'name="Library Desk"'), "small letters"),
        (OWN.replace('"library-desk"', '"library_desk"'), "small letters"),
    ],
)
def test_a_file_that_is_no_office(tmp_path: Path, content: str, fault: str) -> None:
    """It is named, and nothing starts."""
    (tmp_path / "broken.py").write_text(content, "utf-8")
    with pytest.raises(OfficeFault, match=fault) as refused:
        load_offices(tmp_path)
    assert "broken" in str(refused.value)


def test_two_offices_of_one_name(tmp_path: Path) -> None:
    """Refused by name."""
    for name in ("one", "two"):
        (tmp_path / f"{name}.py").write_text(OWN, "utf-8")
    with pytest.raises(OfficeFault, match="library: two offices"):
        load_offices(tmp_path)


def test_offices_without_their_server_are_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Each is named in the log and in what runs; the others start."""
    needy = make_office("needy", needs_registries=True)
    with caplog.at_level(logging.WARNING, "guitai.sandbox"):
        running = start_sandbox(tmp_path, only={"face", "needy"}, clock=StillClock(), offices={"needy": needy})
    running.stop()
    assert running.left_out == ("needy",)
    assert set(running.addresses) == {"face"}
    assert "needy is left out" in caplog.text
    assert not [entry for entry in running.bindings["back_ends"] if entry["name"].startswith("needy")]


def test_lines_between_offices() -> None:
    """Who listens hears everything told after that, in the order in which it listens; nobody listening is no fault."""
    heard: list[Any] = []
    context = SandboxContext(Path(), StillClock(), {}, None, {})  # type: ignore[arg-type] # no notices here
    context.tell("line", {"n": 0})
    context.listen("line", lambda message: heard.append(("first", message["n"])))
    context.listen("line", lambda message: heard.append(("second", message["n"])))
    context.tell("line", {"n": 1})
    context.tell("other", {"n": 2})
    assert heard == [("first", 1), ("second", 1)]


def test_offices_close_what_they_opened(tmp_path: Path) -> None:
    """What an office gives to ``closers`` is called when the sandbox stops."""
    closed: list[str] = []

    def build(context: SandboxContext) -> Router:
        context.closers.append(lambda: closed.append("closed"))
        router = Router()
        router.add("GET", "/_sandbox/canaries", lambda _: answer_json([]))
        return router

    running = start_sandbox(
        tmp_path, only={"own"}, clock=StillClock(), offices={"own": make_office("own", build=build)}
    )
    assert closed == []
    running.stop()
    assert closed == ["closed"]
