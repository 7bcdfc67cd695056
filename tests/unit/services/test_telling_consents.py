"""A message through a platform that rests on consent: asked for when it is sent, not when it was planned."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from services.case_notices import PLATFORM, SMS
from services.consent_record import ConsentMatter, ConsentState
from services.consents import Saying, StoredConsents, write_ended, write_given
from services.exposure import Disclosure
from services.mapping import ConsentTerms
from services.model import Language, PlatformName
from services.purpose_texts import write_text
from services.vocabulary import Vocabulary
from tests.case_samples import make_case_mapping
from tests.fake_platform import FakePlatform
from tests.unit.services.test_case_telling import HOUR, Town

W = PlatformName.WECHAT
MAPPING = make_case_mapping()
MATTER = ConsentMatter(MAPPING.id, "tell_case", str(W))
NAME = {Language.ZH_CN: "提醒", Language.EN: "remind"}
TEXT = write_text(
    MATTER, NAME, NAME, NAME, "law", {}, {}, Vocabulary({}, {}, frozenset(), {}, {}), basis="consent", separate=True
)


class GatedPlatform(FakePlatform):
    """A platform behind a door with a gate."""

    gate: StoredConsents

    def send_message(self, *given: Any) -> None:
        disclosure: Disclosure = given[-1]
        self.gate.require(disclosure)
        super().send_message(*given)


class AskingTown(Town):
    """The trial service, whose messages rest on consent."""

    def __init__(self) -> None:
        consents = {"tell_case": ConsentTerms(True, "law", {}, {W: TEXT})}
        super().__init__(mapping=replace(MAPPING, consents=consents))
        platform = GatedPlatform(W, self.clock.now)
        platform.gate = StoredConsents(self.house, self.directory)
        self.platforms = {**self.platforms, W: platform}
        self.workshop = replace(self.workshop, platforms=self.platforms)

    def say(self, *, agree: bool) -> ConsentState:
        """Wang says yes or no."""
        saying = Saying(self.wang.person_id, MATTER, "web")
        with self.house.begin(self.directory.all_agencies()) as tx:
            number = len(tx.consents.list_of(self.wang.person_id, MATTER))
            if agree:
                return write_given(tx.consents, saying, TEXT, number, self.clock.now(), self.desk.new_id)
            return write_ended(tx.consents, saying, TEXT.version, self.clock.now(), self.desk.new_id)


@pytest.fixture
def town() -> AskingTown:
    return AskingTown()


def receive(town: AskingTown) -> UUID:
    case_id = town.open()
    town.run_jobs()
    return case_id


def test_with_consent_it_is_told(town: AskingTown) -> None:
    """And the purpose's own law stands in the disclosure."""
    town.say(agree=True)
    receive(town)
    ((_, told),) = town.platforms[W].told
    assert (len(town.messages(W)), told.legal_basis, told.person_id) == (1, "law", town.wang.person_id)


def test_without_it_the_ladder_goes_on(town: AskingTown) -> None:
    """Nothing to the platform, the text message at once, and the attempt says why."""
    case_id = receive(town)
    town.refuse_acceptance(case_id)
    assert town.messages(W) == []
    assert town.outcomes(case_id, "non_acceptance") == [(PLATFORM, 1, "failed"), (SMS, 1, "sent")]
    (attempt,) = [one for one in town.lines(case_id)["non_acceptance"].attempts if one.rung == PLATFORM]
    assert attempt.proof["reason"] == "consent_missing"


def test_what_waited_is_asked_for_again(town: AskingTown) -> None:
    """A message that could not leave, or was planned, before the withdrawal does not leave after it."""
    town.say(agree=True)
    case_id = receive(town)
    town.platforms[W].script.plan("send_message", "unreachable")
    town.refuse_acceptance(case_id)
    assert town.outcomes(case_id, "non_acceptance") == [(PLATFORM, 1, "unreached")]
    town.say(agree=False)
    town.wait(HOUR)
    assert town.outcomes(case_id, "non_acceptance")[:2] == [(PLATFORM, 1, "unreached"), (PLATFORM, 2, "failed")]
    assert len(town.messages(W)) == 1
    town.say(agree=True)
    other = receive(town)
    town.refuse_acceptance(other)
    assert (PLATFORM, 1, "sent") in town.outcomes(other, "non_acceptance")
