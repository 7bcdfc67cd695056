"""The population register of the sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest
from werkzeug.test import Client

from adapters.sandbox.register import complete_identity_number, create_register
from tests.unit.adapters.sandbox.companies import post, read


@pytest.fixture
def register(tmp_path: Path) -> Client:
    return Client(create_register(tmp_path, "k"))


def test_the_check_character_is_the_published_one() -> None:
    """MOD 11-2 of GB 11643, on the standard's example."""
    assert complete_identity_number("11010519491231002") == "11010519491231002X"


def test_finds_a_person_with_canaries(register: Client) -> None:
    """Name and phone come with an address and a birth date that no proof needs."""
    number = complete_identity_number("11010119900307001")
    answer = read(post(register, "/register/query", {"identityNumber": number}))
    assert (answer["name"], answer["phone"]) == ("王小明", "13800138001")
    assert {"address", "birthDate"} < set(answer)


def test_refuses_strangers_and_nonsense(register: Client) -> None:
    """No key, unknown number, other fields, another form: each has its status."""
    query = {"identityNumber": complete_identity_number("11010119900307001")}
    assert register.post("/register/query", json=query).status_code == 401
    absent = {"identityNumber": complete_identity_number("11010119000307001")}
    assert post(register, "/register/query", absent).status_code == 404
    wrongs: tuple[object, ...] = ({}, query | {"name": "x"}, {"identityNumber": 1}, {"identityNumber": "1"}, [])
    for wrong in wrongs:
        assert post(register, "/register/query", wrong).status_code == 400


def test_control_enters_a_person(register: Client) -> None:
    """A tester enters a person; a restart keeps the change of a seeded one."""
    number = complete_identity_number("11010119850512002")
    body = {"identity_number": number, "name": "李秀英", "phone": "13900000000"}
    assert post(register, "/_sandbox/persons", body).status_code == 201
    assert read(post(register, "/register/query", {"identityNumber": number}))["phone"] == "13900000000"


def test_a_restart_keeps_changes(register: Client, tmp_path: Path) -> None:
    """Seeds do not overwrite what a tester changed."""
    number = complete_identity_number("11010119850512002")
    post(register, "/_sandbox/persons", {"identity_number": number, "name": "李秀英", "phone": "13900000000"})
    again = Client(create_register(tmp_path, "k"))
    assert read(post(again, "/register/query", {"identityNumber": number}))["phone"] == "13900000000"
