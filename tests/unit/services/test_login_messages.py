"""Telling a person of a new log-in."""

from __future__ import annotations

from uuid import UUID

import pytest

from services.errors import PlatformUnreachable
from services.login_messages import NEW_LOGIN_PHRASE, tell_new_login
from services.model import PlatformUser
from tests.fake_city import A, Citizen, City, W


@pytest.fixture
def city() -> City:
    return City()


@pytest.fixture
def wang(city: City) -> Citizen:
    return city.add_citizen()


def tell(city: City, citizen: Citizen) -> int:
    login_id: UUID = citizen.callers[W].login_id
    return tell_new_login(city.till, city.directory.root_agency(), login_id, "request")


def test_the_other_log_ins_are_told(city: City, wang: Citizen) -> None:
    """Every other active log-in gets a fixed phrase and a time; the new one itself is not told."""
    assert tell(city, wang) == 1
    assert not city.platforms[W].messages
    [(user, template, words)] = city.platforms[A].messages
    assert (user, template) == ("wang-alipay-main", "template_new_login")
    assert words == {"keyword1": NEW_LOGIN_PHRASE, "keyword2": "2026年11月2日 10:00"}


def test_a_log_in_that_was_cut_off_is_not_told(city: City, wang: Citizen) -> None:
    """Who was cut off learns nothing more."""
    with city.store.begin(city.directory.all_agencies()) as tx:
        tx.persons.revoke_login(wang.callers[A].login_id, city.clock.now())
    assert tell(city, wang) == 0


@pytest.mark.parametrize("behaviour", ["43101", "timeout"])
def test_a_refused_message_is_not_repeated(city: City, wang: Citizen, behaviour: str) -> None:
    """A user who refuses messages, or an unknown outcome, ends the matter: the account page shows the log-in."""
    city.platforms[A].script.plan("send_message", behaviour)
    assert tell(city, wang) == 0


def test_a_platform_that_is_away_is_tried_again(city: City, wang: Citizen) -> None:
    """If nothing left, the job fails and is planned again."""
    city.platforms[A].script.out_of_service = True
    with pytest.raises(PlatformUnreachable):
        tell(city, wang)


def test_nobody_is_told_again_because_another_platform_is_away(city: City, wang: Citizen) -> None:
    """One of two could be told and the other's platform is away: the job ends, for a repeat would tell the first once more."""
    now, everywhere = city.clock.now(), city.directory.all_agencies()
    with city.store.begin(everywhere) as tx:
        person = tx.persons.load(wang.person_id)
        tx.persons.add_login(person, W, "wechat-main", PlatformUser("second-phone"), now)
    city.platforms[A].script.out_of_service = True
    assert tell(city, wang) == 1
    assert [user for user, _, _ in city.platforms[W].messages] == ["second-phone"]


def test_the_message_names_the_person_as_concerned(city: City, wang: Citizen) -> None:
    """The ledger says whom the message was about, and why."""
    tell(city, wang)
    [(_, told)] = city.platforms[A].told
    assert (told.service, told.purpose, told.concerned) == ("sign-in", "new_login_message", (wang.callers[W].chain_id,))
