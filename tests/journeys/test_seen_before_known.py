"""What a platform saw of somebody before the counter knew who it was: at log-in, and when a stranger typed their number."""

from __future__ import annotations

from typing import Any

from adapters.stores.exposure_verify import Progress, verify
from tests.journeys.city import City
from tests.journeys.errands import enter_person, pick_up_phone, sign_in
from tests.journeys.test_one_person_two_platforms import read_exposure


def names_of(record: dict[str, Any]) -> set[str]:
    """The field names of a record in view."""
    return {field["name"] for field in record["fields"]}


def list_log_in(records: list[dict[str, Any]]) -> dict[str, set[str]]:
    """Direction → field names of the newest log-in, the reply with the token apart."""
    found = [record for record in records if record["service"] == "sign-in" and "session_token" not in names_of(record)]
    return {record["direction"]: names_of(record) for record in reversed(found)}


def test_the_first_log_in_is_in_the_persons_own_view(city: City) -> None:
    """What was typed, what our servers sent and the user id that the platform told us: all of it, on both platforms, from the first time."""
    for platform in ("wechat", "alipay"):
        phone = pick_up_phone(city, platform)
        phone.log_in()
        first = read_exposure(phone)
        seen = list_log_in(first)
        assert set(seen) == {"entered_in_client", "sent_to_server", "received_from_platform"}
        assert "login_code" in seen["entered_in_client"] & seen["sent_to_server"]
        assert "platform_user" in seen["received_from_platform"]
        sent = next(record for record in first if record["direction"] == "sent_to_server")
        assert sent["outcome"] == "sent"
        phone.log_in()
        again = [record for record in read_exposure(phone) if record["service"] == "sign-in"]
        assert len(again) == 2 * len([record for record in first if record["service"] == "sign-in"])


def test_a_stranger_who_types_my_number_before_i_ever_log_in_is_in_my_view(city: City) -> None:
    """Whoever is exposed by somebody else finds the record when they come and prove who they are; nobody else finds it."""
    person = enter_person(city)
    stranger = sign_in(city, "wechat")
    typed = {"real_name": person.real_name, "identity_number": person.identity_number}
    assert stranger.send("POST", "/identity/real-name", typed).status == 403
    city.pass_time(3600)
    phone = sign_in(city, "wechat", person)
    assert [one for one in read_exposure(phone) if "identity_number" in names_of(one)] == []
    phone.call("POST", "/identity/real-name", typed)
    found = [one for one in read_exposure(phone) if "identity_number" in names_of(one)]
    assert [one["direction"] for one in found] == ["entered_in_client"] * 2
    assert found[1]["at"] < found[0]["at"]
    other = sign_in(city, "wechat", real_name=True)
    assert len([one for one in read_exposure(other) if "identity_number" in names_of(one)]) == 1
    alipay = sign_in(city, "alipay", person, real_name=True)
    assert len([one for one in read_exposure(alipay) if "identity_number" in names_of(one)]) == 1


def test_the_ledger_of_the_city_is_sound(city: City) -> None:
    """After all of this every leaf, index row, salt, outcome and attribution is what it should be."""
    told: list[Progress] = []
    report = verify(city.stack.owner_url, told.append)
    assert report.faults == []
    assert told[-1].done == told[-1].total >= report.records > 20
    kinds = city.read("SELECT kind, count(*) AS count FROM exposure_records GROUP BY kind")
    others = {"statistics", "join"}  # a month may have been closed, and a proven number joins a chain
    assert {row["kind"] for row in kinds} - others == {"exposure", "outcome", "publication", "attribution"}
