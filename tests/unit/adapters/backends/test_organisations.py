"""Rules of adapters/backends/organisations.py and of kinship in register.py: what the registers say of organisations and families, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from adapters.backends.organisations import OrganisationsBackEnd
from adapters.backends.register import RegisterBackEnd
from adapters.boundary import transaction_scope
from adapters.http import HttpClient, HttpReply, HttpUnknown, HttpUnreachable
from adapters.sandbox.applications.companies import COMPANIES
from adapters.sandbox.applications.persons import KINSHIP
from adapters.sandbox.offices.organisations import create_organisations
from adapters.sandbox.register import create_register
from adapters.sandbox.shelf import Shelf
from services.case_ports import RegisteredOrganisation
from services.errors import (
    BackEndError,
    BackEndGarbled,
    BackEndOutcomeUnknown,
    BackEndRefused,
    BackEndUnreachable,
    ConfigurationFault,
)
from services.model import BackEndAddress
from tests.unit.adapters.backends.fake_line import FakeLine, KnownSecrets, make_address, reply
from tests.unit.adapters.backends.test_against_companies import serve

CODE = "91110101MA01ABCD19"
ENTRY: dict[str, Any] = {
    "creditCode": CODE,
    "name": "演示市顺达人力资源有限公司",
    "status": "OPEN",
    "legalRepresentative": {"name": "王小明", "identityNumber": "110101199003070011"},
    "registeredCapital": "2000000.00",
    "address": "canary",
    "licenceNo": "1",
    "issuedOn": "2018-05-14",
    "expiresOn": None,
    "registrar": "canary",
    "innerNo": "canary",
    "officer": {"name": "canary", "phone": "canary"},
}
FOUND = RegisteredOrganisation(CODE, ENTRY["name"], "in_business", "王小明", "110101199003070011")
TROUBLES: list[tuple[HttpReply | Exception, type[BackEndError]]] = [
    (reply(b'{"code": "SYSTEM"}', 500), BackEndRefused),
    (reply(b'{"code": "BATCH_WINDOW"}', 503), BackEndRefused),
    (reply(b'{"code": "UNAUTHORIZED"}', 401), BackEndRefused),
    (reply(b'{"code": ["SYSTEM"]}', 500), BackEndGarbled),
    (reply(b'{"message": "not found"}', 404), BackEndGarbled),
    (reply(b"<html>", 200), BackEndGarbled),
    (reply(b"", 302), BackEndGarbled),
    (reply(b"[]", 200), BackEndGarbled),
    (HttpUnreachable("x"), BackEndUnreachable),
    (HttpUnknown("x"), BackEndOutcomeUnknown),
]


def bind(url: str = "http://register.test/base") -> BackEndAddress:
    return BackEndAddress(UUID(int=1), "organisation-register", url, {"token": "key-file"})


def ask(answer: HttpReply | Exception, code: str = CODE) -> RegisteredOrganisation | None:
    line = FakeLine([answer])
    found = OrganisationsBackEnd(bind(), line, KnownSecrets()).find(code, "req-1")
    (sent,) = line.sent
    assert (sent.purpose, sent.method, sent.url, sent.body) == (
        "back_end:organisation-register", "GET", f"http://register.test/base/v1/organisations/{code}", b"",
    )  # fmt: skip
    assert (sent.headers["Authorization"], sent.headers["X-Request-Id"]) == ("Bearer k3y", "req-1")
    return found


def say(**changes: Any) -> HttpReply:
    return reply(json.dumps({**ENTRY, **changes}).encode())


def relate(answer: HttpReply | Exception) -> bool:
    line = FakeLine([answer])
    related = RegisterBackEnd(make_address("register"), line, KnownSecrets()).is_parent("1" * 18, "2" * 18, "req-1")
    (sent,) = line.sent
    assert (sent.method, sent.url) == ("POST", "http://back-end.test/base/register/kinship")
    assert json.loads(sent.body) == {"parentNumber": "1" * 18, "childNumber": "2" * 18}
    return related


def test_an_entry() -> None:
    """Name, standing and legal representative are taken; what comes along is not."""
    assert ask(say()) == FOUND


@pytest.mark.parametrize(
    ("word", "status"), [("OPEN", "in_business"), ("REVOKED", "revoked"), ("CANCELLED", "cancelled")]
)
def test_standings(word: str, status: str) -> None:
    """Each word of the register has one meaning."""
    found = ask(say(status=word))
    assert found is not None
    assert found.status == status


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "SLEEPING"},
        {"creditCode": "91110105MA03HXKJ5R"},
        {"legalRepresentative": None},
        {"legalRepresentative": {"name": "王小明"}},
        {"legalRepresentative": {"name": "王小明", "identityNumber": "1"}},
        {"name": ""},
        {"name": 5},
        {"unexpectedField": "x"},
    ],
)
def test_what_is_no_answer(changes: dict[str, Any]) -> None:
    """A word, an organisation or a field that was not agreed is no answer, and its values stay unsaid."""
    with pytest.raises(BackEndGarbled) as caught:
        ask(say(**changes))
    assert "王小明" not in str(caught.value)


def test_only_the_registers_own_word_means_absent() -> None:
    """No such organisation is a 404 with that code; a bare 404 may be a wrong address."""
    assert ask(reply(b'{"code": "NO_SUCH_ORGANISATION", "message": "x"}', 404)) is None
    with pytest.raises(BackEndGarbled):
        ask(reply(b'{"code": "NO_SUCH_ORGANISATION"}', 200))


@pytest.mark.parametrize("text", ["", "../persons", CODE + "/x", CODE[:17], CODE + "?a=b", "91110101MA01ABCDI9"])
def test_what_is_no_code_is_not_asked(text: str) -> None:
    """Nothing but a code of the right form stands in the address of a question."""
    line = FakeLine()
    assert OrganisationsBackEnd(bind(), line, KnownSecrets()).find(text, "r") is None
    assert line.sent == []


@pytest.mark.parametrize(("answer", "error"), TROUBLES)
@pytest.mark.parametrize("question", [ask, relate])
def test_troubles(
    question: Callable[[HttpReply | Exception], object], answer: HttpReply | Exception, error: type[BackEndError]
) -> None:
    """Anything else is an error of the register, for both questions alike."""
    if question is relate and isinstance(answer, HttpReply) and b"BATCH" in answer.body:
        error = BackEndGarbled
    with pytest.raises(error):
        question(answer)


def test_kinship() -> None:
    """One word is a yes, one is a no, somebody unknown is a no; any other word is no answer."""
    assert relate(reply(b'{"relation": "PARENT", "householdBookNo": "canary"}')) is True
    assert relate(reply(b'{"relation": "NONE", "householdBookNo": null}')) is False
    assert relate(reply(b'{"code": "NO_SUCH_PERSON"}', 404)) is False
    for wrong in (b'{"relation": "CHILD"}', b'{"relation": true}', b'{"relation": "PARENT", "more": 1}', b"{}"):
        with pytest.raises(BackEndGarbled):
            relate(reply(wrong))


def test_not_inside_a_transaction() -> None:
    """Neither register is asked while a transaction is open."""
    line = FakeLine()
    with transaction_scope():
        with pytest.raises(RuntimeError):
            OrganisationsBackEnd(bind(), line, KnownSecrets()).find(CODE, "r")
        with pytest.raises(RuntimeError):
            RegisterBackEnd(make_address("register"), line, KnownSecrets()).is_parent("1", "2", "r")
    assert line.sent == []


def test_the_token_is_needed_at_start() -> None:
    """A register without its token stops the start."""
    with pytest.raises(ConfigurationFault):
        OrganisationsBackEnd(
            BackEndAddress(UUID(int=1), "organisation-register", "http://x"), FakeLine(), KnownSecrets()
        )


def test_on_a_real_socket(tmp_path: Path) -> None:
    """The sandbox's business register says of each of its companies what the counter needs; a fault of any kind is an error."""
    shelf = Shelf(tmp_path / "organisations.sqlite3")
    with serve(create_organisations(shelf, {"token": "k3y"})) as url:
        http = HttpClient(frozenset([url]), 5)
        register = OrganisationsBackEnd(bind(url), http, KnownSecrets())
        for company in COMPANIES.values():
            found = register.find(company.credit_code, "r")
            assert found is not None
            assert (found.name, found.representative_number) == (company.name, company.representative)
        assert register.find("91110000600037341L", "r") is None
        for behaviour in ("unknown_field", "wrong_charset", "truncated", "cut_off", "html", "huge", "timeout", "empty"):
            told = {"operation": "find", "behaviour": behaviour}
            http.send("back_end:organisation-register", "POST", f"{url}/_sandbox/control/behaviour",
                      {"Content-Type": "application/json"}, json.dumps(told).encode())  # fmt: skip
            with pytest.raises(BackEndError):
                register.find(CODE, "r")
        assert register.find(CODE, "r") == FOUND
        http.close()
    shelf.close()


def test_kinship_on_a_real_socket(tmp_path: Path) -> None:
    """The sandbox's population register knows its families in one direction only."""
    with serve(create_register(tmp_path, "k3y")) as url:
        address, http = make_address("register", url), HttpClient(frozenset([url]), 5)
        register = RegisterBackEnd(address, http, KnownSecrets())
        for parent, child in KINSHIP:
            assert register.is_parent(parent, child, "r") is True
            assert register.is_parent(child, parent, "r") is False
        assert register.is_parent("110101196001010011", KINSHIP[0][1], "r") is False
        http.close()
