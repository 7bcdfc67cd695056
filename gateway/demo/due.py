"""What is to be paid: a bill that a company issued, or an amount that the payer chose."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.demo.journey import Journey, StepFailed, require
from gateway.demo.stage import Play


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be paid. ``bill_ref`` is None where the payer chose the amount, ``bill_no`` empty unless it is surely this bill."""

    amount_fen: int
    bill_ref: str | None = None
    bill_no: str = ""


def yuan(amount_fen: int) -> str:
    """Fen as people read them: 8640 is ¥86.40."""
    return f"¥{amount_fen // 100}.{amount_fen % 100:02d}"


def choose_amount(journey: Journey, play: Play, household_id: str) -> Due:
    """Nothing is billed: the payer chooses within the limits that are shown."""
    told_amount = play.story.amount_fen
    with journey.step("chooses an amount") as told:  # prepaid
        answer = play.phone.call("GET", f"/households/{household_id}/bills")
        require(answer["bills"] == [] and answer["chosen"] is not None, "the payer is not asked for an amount")
        if told_amount is None:
            raise StepFailed("the story says no amount_fen")
        limits = answer["chosen"]
        within = limits["minimum_fen"] <= told_amount <= limits["maximum_fen"]
        require(within and told_amount % limits["step_fen"] == 0, "the story's amount cannot be chosen")
        told.append(
            f"{yuan(told_amount)} to {answer['payee']}"
            f" ({yuan(limits['minimum_fen'])} to {yuan(limits['maximum_fen'])}, in steps of {yuan(limits['step_fen'])})"
        )
    return Due(told_amount)
