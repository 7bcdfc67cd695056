"""The population register of the sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest
from werkzeug.test import Client

from adapters.sandbox.applications.persons import KINSHIP
from adapters.sandbox.register import complete_identity_number, create_register
from tests.unit.adapters.sandbox.companies import post, read

FAMILIES = (("wang_parent", "wang"), ("wang", "wang_child"), ("li_parent", "li"), ("li", "li_child"))


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


def test_kinship_has_a_direction(register: Client) -> None:
    """Who is registered as a parent of whom; both must be known; a tester strikes and enters it."""
    parent, child = KINSHIP[0]
    asked = {"parentNumber": parent, "childNumber": child}
    told = read(post(register, "/register/kinship", asked))
    assert told["relation"] == "PARENT"
    assert told["householdBookNo"] in register.get("/_sandbox/canaries").get_json()
    turned = {"parentNumber": child, "childNumber": parent}
    assert read(post(register, "/register/kinship", turned))["relation"] == "NONE"
    unknown = {"parentNumber": complete_identity_number("11010119000307001"), "childNumber": child}
    assert post(register, "/register/kinship", unknown).status_code == 404
    pair = {"parent_number": parent, "child_number": child}
    assert register.get("/_sandbox/kinship").get_json()[0] == pair
    assert post(register, "/_sandbox/kinship", {**pair, "related": False}).status_code == 201
    assert read(post(register, "/register/kinship", asked))["relation"] == "NONE"
    assert post(register, "/_sandbox/kinship", {**pair, "related": True}).status_code == 201
    assert read(post(register, "/register/kinship", asked))["relation"] == "PARENT"
    for wrong in ({**pair, "related": "no"}, pair, {**pair, "child_number": "1", "related": True}):
        assert post(register, "/_sandbox/kinship", wrong).status_code == 400


def test_kinship_is_for_who_has_the_key(register: Client) -> None:
    """No key, other fields, another form: refused as a query is."""
    asked = dict(zip(("parentNumber", "childNumber"), KINSHIP[0], strict=True))
    assert register.post("/register/kinship", json=asked).status_code == 401
    other = {"identityNumber": KINSHIP[0][0]}
    wrongs: tuple[object, ...] = ({}, asked | {"name": "x"}, {**asked, "childNumber": 1}, other, [])
    for wrong in wrongs:
        assert post(register, "/register/kinship", wrong).status_code == 400


def test_relatives_play_in_stories(register: Client) -> None:
    """An old parent and a child of Wang and of Li each; a child has no phone of its own."""
    told = {one["story"]: one for one in register.get("/_sandbox/persons").get_json()}
    assert set(told) == {"wang", "li", "ouyang", "wang_parent", "wang_child", "li_parent", "li_child"}
    pairs = {(told[parent]["identity_number"], told[child]["identity_number"]) for parent, child in FAMILIES}
    assert pairs == set(KINSHIP)
    answer = read(post(register, "/register/query", {"identityNumber": told["wang_child"]["identity_number"]}))
    assert (answer["name"], answer["phone"]) == ("王小雨", None)


def test_an_older_home_learns_of_families_once(register: Client, tmp_path: Path) -> None:
    """What a tester struck stays struck after a restart."""
    parent, child = KINSHIP[0]
    post(register, "/_sandbox/kinship", {"parent_number": parent, "child_number": child, "related": False})
    again = Client(create_register(tmp_path, "k"))
    told = read(post(again, "/register/kinship", {"parentNumber": parent, "childNumber": child}))
    assert told["relation"] == "NONE"
