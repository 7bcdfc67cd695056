"""A newer version may say otherwise how results arrive: what began under an earlier one still learns its result."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.application_record import ApplicationState as S
from services.errors import ConfigurationFault, NoticeRefused
from services.late_results import accept_pushed, take_pushed
from services.late_versions import REPEAT_DAYS, list_arriving, list_in_use
from services.mapping import ServiceMapping
from tests.fake_counter import Counter
from tests.small_services import make_application

SERVICE = "pet-licence"
DAY = 86_400


def begin(late: str, then: str) -> Counter:
    """An application that the office took under version 1, and version 2 in force."""
    counter = Counter(late)
    counter.office.first_state = "accepted"
    counter.apply()
    counter.versions[SERVICE, 1] = counter.mapping
    counter.catalogue.services[SERVICE] = make_application(late=then, version=2)  # type: ignore[index]  # the fake's own table
    return counter


def list_pushing(counter: Counter) -> list[int]:
    """The versions under which a pushed result is heard."""
    present, (agency,) = counter.catalogue.services[SERVICE], counter.directory.all_agencies()
    found = list_arriving(counter.till, present, list_in_use(counter.till, agency, SERVICE), "pushed")
    return [one.version for one in found]


def say(counter: Counter, state: str = "granted") -> dict[str, Any]:
    return {"application_no": counter.office.taken[0], "reference": "R-1", "state": state}


@pytest.mark.parametrize("then", ["polled", "pushed", ""])
def test_a_file_is_read_for_what_began_with_files(then: str) -> None:
    """The application is granted, and nothing is fetched any more once nothing of version 1 is open."""
    counter = begin("file", then)
    counter.wait(DAY)
    assert counter.office.count("list_results") == 8
    counter.office.decide(counter.office.taken[0], "granted")
    counter.wait(DAY)
    assert counter.state is S.GRANTED
    counter.wait_until_quiet()
    assert counter.office.count("list_results") == 16


def test_a_file_is_asked_for_no_longer_than_the_older_version_says() -> None:
    """Three days, whatever the version in force says."""
    counter = begin("file", "polled")
    counter.wait_until_quiet(limit=20)
    assert (counter.state, counter.office.count("list_results")) == (S.ACCEPTED, 8 * 4)


def test_two_versions_of_one_file_read_it_once() -> None:
    """A newer text of the service is no second question to the office."""
    counter = begin("file", "file")
    counter.wait(DAY)
    assert counter.office.count("list_results") == 8


@pytest.mark.parametrize(("then", "heard"), [("polled", [1]), ("file", [1]), ("pushed", [2, 1])])
def test_a_push_is_heard_under_the_version_it_was_agreed_in(then: str, heard: list[int]) -> None:
    """The one in force first; the earlier one while an application is open, and for repeats a week after."""
    counter = begin("pushed", then)
    assert list_pushing(counter) == heard
    assert accept_pushed(counter.till, counter.mapping, say(counter), "r1") is S.GRANTED
    assert list_pushing(counter) == heard
    counter.clock.advance(REPEAT_DAYS * DAY + 1)
    assert list_pushing(counter) == heard[:-1]


def test_a_version_that_cannot_be_read_any_longer_is_passed_over() -> None:
    """The others are heard."""
    counter = begin("pushed", "pushed")
    counter.versions.clear()
    assert list_pushing(counter) == [2]


def test_an_earlier_key_does_not_speak_for_a_later_application() -> None:
    """What was agreed for version 1 ends with what began under it; the version in force speaks for all."""
    counter = begin("pushed", "pushed")
    first, second = counter.mapping, counter.catalogue.services[SERVICE]
    counter.mapping = second
    counter.apply("key-00002", counter.wang, pet_name="来福")
    later = {**say(counter), "application_no": counter.office.taken[1]}
    with pytest.raises(NoticeRefused, match="unknown_application"):
        accept_pushed(counter.till, first, later, "r1")
    assert accept_pushed(counter.till, second, later, "r1") is S.GRANTED
    assert accept_pushed(counter.till, second, say(counter), "r2") is S.GRANTED


def test_every_version_is_asked_and_the_one_that_knows_the_application_takes_it() -> None:
    """Two keys that both fit: only the version with which the application began takes it in."""
    counter = begin("pushed", "polled")
    middle = make_application(late="pushed", version=7)
    asked: list[int] = []

    def read(mapping: ServiceMapping) -> dict[str, Any]:
        asked.append(mapping.version)
        return say(counter)

    taken = take_pushed(counter.till, [middle, counter.mapping, replace(middle, version=8)], read, "r1")
    assert (taken.version, asked, counter.state) == (1, [7, 1, 8], S.GRANTED)


def test_a_key_that_is_not_there_keeps_no_other_from_being_heard() -> None:
    """The message is taken under the other; if nobody verifies it, it may come again."""
    counter = begin("pushed", "pushed")

    def read(mapping: ServiceMapping) -> dict[str, Any]:
        if mapping.version == 2:
            raise ConfigurationFault("no such secret")
        if counter.state is S.GRANTED:
            raise NoticeRefused("signature")
        return say(counter)

    both = [counter.catalogue.services[SERVICE], counter.mapping]
    assert take_pushed(counter.till, both, read, "r1").version == 1
    with pytest.raises(ConfigurationFault):
        take_pushed(counter.till, both, read, "r2")
    with pytest.raises(NoticeRefused):
        take_pushed(counter.till, [], read, "r3")
