"""The sandbox's provider of face checks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.test import Client

from adapters.sandbox.face import create_face
from adapters.sandbox.register import Register, complete_identity_number
from adapters.sandbox.shelf import Shelf
from tests.fakes import FakeClock
from tests.unit.adapters.sandbox.companies import arrange, post, read

WANG = complete_identity_number("11010119900307001")
LI = complete_identity_number("11010119850512002")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def face(tmp_path: Path, clock: FakeClock) -> Iterator[Client]:
    shelf = Shelf(tmp_path / "face.sqlite3")
    yield Client(create_face(shelf, clock, "k", Register(tmp_path, "").name_of))
    shelf.close()


def show(face: Client, number: str = WANG, *, live: bool = True) -> str:
    return str(read(post(face, "/_sandbox/phone/face", {"identity_number": number, "live": live}))["evidence"])


def ask(face: Client, evidence: str, number: str = WANG, name: str = "王小明") -> str:
    question = {"realName": name, "identityNumber": number, "evidence": evidence}
    return str(read(post(face, "/face/verify", question))["result"])


def test_the_face_of_the_person_matches(face: Client) -> None:
    """Alive, that number, that name."""
    assert ask(face, show(face)) == "MATCH"


def test_evidence_is_good_for_one_question(face: Client) -> None:
    """Also the question that got a no uses it."""
    evidence = show(face)
    assert [ask(face, evidence, LI, "李秀英"), ask(face, evidence), ask(face, evidence)] == [
        "NO_MATCH", "EVIDENCE_USED", "EVIDENCE_USED",
    ]  # fmt: skip


def test_evidence_lasts_five_minutes(face: Client, clock: FakeClock) -> None:
    """By the shared clock: at 300 seconds it is good, after them it is not."""
    first, second = show(face), show(face)
    clock.advance(300)
    assert ask(face, first) == "MATCH"
    clock.advance(0.1)
    assert ask(face, second) == "EVIDENCE_EXPIRED"


def test_a_picture_and_another_person_do_not_match(face: Client) -> None:
    """Not alive, another number, another name, evidence that nobody made: one answer for all."""
    assert ask(face, show(face, live=False)) == "NO_MATCH"
    assert ask(face, show(face, LI)) == "NO_MATCH"
    assert ask(face, show(face), name="王大明") == "NO_MATCH"
    assert ask(face, "FACE.invented") == "NO_MATCH"
    nobody = complete_identity_number("11010119000307001")
    assert ask(face, show(face, nobody), nobody) == "NO_MATCH"


def test_refuses_strangers_and_nonsense(face: Client) -> None:
    """No key, other fields, another form: each has its status, and no evidence is used."""
    evidence = show(face)
    question = {"realName": "王小明", "identityNumber": WANG, "evidence": evidence}
    assert face.post("/face/verify", json=question).status_code == 401
    questions: list[object] = [
        {},
        [],
        question | {"x": 1},
        question | {"identityNumber": "1"},
        question | {"evidence": 1},
    ]
    for wrong in questions:
        assert post(face, "/face/verify", wrong).status_code == 400
    faces: list[object] = [{}, {"identity_number": WANG, "live": "yes"}, {"identity_number": "1", "live": True}]
    for wrong in faces:
        assert post(face, "/_sandbox/phone/face", wrong).status_code == 400
    assert ask(face, evidence) == "MATCH"


def test_keeps_books_of_what_it_was_asked(face: Client, tmp_path: Path) -> None:
    """Every question with its result, the reused and the invented too."""
    evidence = show(face)
    for one in (evidence, evidence, "FACE.invented"):
        ask(face, one)
    books = read(face.get("/_sandbox/questions"))
    assert [line["result"] for line in books] == ["MATCH", "EVIDENCE_USED", "NO_MATCH"]
    assert {line["identityNumber"] for line in books} == {WANG}
    assert len({line["transaction_no"] for line in books}) == 3


def test_misbehaves_on_request(face: Client) -> None:
    """A word that nobody agreed on, half an answer, a fault, a no."""
    arrange(face, "verify", "unknown_result")
    assert ask(face, show(face)) == "PERHAPS"
    arrange(face, "verify", "no_match")
    assert ask(face, show(face)) == "NO_MATCH"
    question = {"realName": "王小明", "identityNumber": WANG, "evidence": show(face)}
    arrange(face, "verify", "truncated")
    assert not post(face, "/face/verify", question).text.endswith("}")
    arrange(face, "verify", "server_error")
    assert post(face, "/face/verify", question).status_code == 500
