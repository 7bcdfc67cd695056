"""Telling a person of a new log-in."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from services.errors import PlatformUnreachable
from services.login_messages import NEW_LOGIN_PHRASE, tell_new_login
from services.model import PlatformName, PlatformUser
from tests.fake_city import A, Citizen, City, W


@pytest.fixture
def city() -> City:
    return City()


@pytest.fixture
def wang(city: City) -> Citizen:
    """A person with a log-in on each platform; a third was used long ago and joined the account five minutes before now."""
    citizen = city.add_citizen()
    with city.store.begin(city.directory.all_agencies()) as tx:
        stranger = tx.persons.open_person(city.directory.root_agency(), city.clock.now())
        tx.persons.add_login(stranger, W, "wechat-main", PlatformUser("joined"), city.clock.now())
        tx.persons.join(stranger.person_id, citizen.person_id, city.clock.now() + timedelta(days=90))
    city.clock.advance(timedelta(days=90, minutes=5).total_seconds())
    return citizen


def tell(city: City, citizen: Citizen, platform: PlatformName = A) -> int:
    login_id: UUID = citizen.callers[platform].login_id
    return tell_new_login(city.till, city.directory.root_agency(), login_id, "request")


def test_a_log_in_is_told_of_the_joining(city: City, wang: Citizen) -> None:
    """A fixed phrase and the moment at which the other became this person's, not the one at which it was first used."""
    assert tell(city, wang) == 1
    assert not city.platforms[W].messages
    [(user, template, words)] = city.platforms[A].messages
    assert (user, template) == ("wang-alipay-main", "template_new_login")
    assert words == {"keyword1": NEW_LOGIN_PHRASE, "keyword2": "2027年1月31日 10:00"}


def test_nobody_is_told_twice(city: City, wang: Citizen) -> None:
    """The job may run again; another joining is told again."""
    assert (tell(city, wang), tell(city, wang)) == (1, 0)
    with city.store.begin(city.directory.all_agencies()) as tx:
        stranger = tx.persons.open_person(city.directory.root_agency(), city.clock.now())
        tx.persons.join(stranger.person_id, wang.person_id, city.clock.now())
    assert tell(city, wang) == 1


def test_a_log_in_of_an_account_that_nothing_joined_is_not_told(city: City) -> None:
    """Without a joining there is nothing to tell."""
    assert tell(city, city.add_citizen()) == 0


def test_a_log_in_that_was_cut_off_is_not_told(city: City, wang: Citizen) -> None:
    """Who was cut off learns nothing more."""
    with city.store.begin(city.directory.all_agencies()) as tx:
        tx.persons.revoke_login(wang.callers[A].login_id, city.clock.now())
    assert tell(city, wang) == 0


@pytest.mark.parametrize("behaviour", ["43101", "timeout"])
def test_a_refused_message_is_not_repeated(city: City, wang: Citizen, behaviour: str) -> None:
    """A user who refuses messages, or an unknown outcome, ends the matter: the account page shows the log-in."""
    city.platforms[A].script.plan("send_message", behaviour)
    assert (tell(city, wang), tell(city, wang)) == (0, 0)


def test_a_platform_that_is_away_keeps_only_its_own_waiting(city: City, wang: Citizen) -> None:
    """One of two could be told and the other's platform is away: that one is told later, and the first not again."""
    city.platforms[A].script.out_of_service = True
    assert tell(city, wang, W) == 1
    with pytest.raises(PlatformUnreachable):
        tell(city, wang)
    city.platforms[A].script.out_of_service = False
    assert (tell(city, wang), tell(city, wang, W)) == (1, 0)


def test_the_message_names_the_person_as_concerned(city: City, wang: Citizen) -> None:
    """The ledger says whom the message was about, and why."""
    tell(city, wang)
    [(_, told)] = city.platforms[A].told
    assert (told.service, told.purpose, told.concerned) == ("sign-in", "new_login_message", (wang.callers[W].chain_id,))
