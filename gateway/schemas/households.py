"""Households and what is owed on them."""

from __future__ import annotations

from marshmallow import fields

from gateway.schemas.catalogue import SERVICE_ID, TEXT
from gateway.schemas.fields import MASKED_TEXT, PLAIN_TEXT, Day, Fen, Id, Many, Part, Strict, Word

HOUSEHOLD_NO = r"[0-9A-Za-z\u4e00-\u9fa5-]{1,35}"
"""Whatever any payee calls its accounts by, number plates with their province too; each service's own form is narrower."""
HOUSEHOLD_NO_MASKED = r"\*{4}[0-9A-Za-z-]{0,4}"
BILL_REF = "[A-Za-z0-9_-]{32}"
PERIOD = "[0-9]{4}(-[0-9]{1,2}){0,2}(/[0-9]{4}(-[0-9]{1,2}){0,2})?|[0-9]{4}-Q[1-4]"


class HouseholdRequest(Strict):
    """A household number (户号) at the company of one service."""

    service = Word("service_choice", SERVICE_ID, required=True)
    household_no = Word(
        "household_no",
        HOUSEHOLD_NO,
        required=True,
        description="户号、纳税人识别号或号牌号码 · the account number at the payee, as it stands on the bill",
    )


class PreviewReply(Strict):
    """Whose household it is, masked, before binding."""

    holder_name_masked = Word("holder_name_masked", MASKED_TEXT)
    address_masked = Word("address_masked", MASKED_TEXT)


class HouseholdReply(Strict):
    """A bound household."""

    household_id = Id()
    service = Word("service_info", SERVICE_ID)
    household_no_masked = Word("household_no_masked", HOUSEHOLD_NO_MASKED)
    holder_name_masked = Word("holder_name_masked", MASKED_TEXT)
    address_masked = Word("address_masked", MASKED_TEXT)


class HouseholdsReply(Strict):
    """All households of the caller on this platform."""

    households = Many("counters", fields.Nested(HouseholdReply))


class BillItemReply(Strict):
    """One line of the price breakdown, as the company computed it."""

    label = Word("bill_items", PLAIN_TEXT + "{1,100}")
    amount_fen = Fen("bill_items", least=-(10**11))
    quantity = Word("bill_items", PLAIN_TEXT + "{1,40}", allow_none=True)
    unit_price = Word("bill_items", PLAIN_TEXT + "{1,40}", allow_none=True)


class BillReply(Strict):
    """One unpaid bill. ``bill_ref`` is ours; the company's number does not pass through the platform."""

    bill_ref = Word("reference", BILL_REF)
    period = Word("bill_period", PERIOD)
    amount_fen = Fen("bill_amount")
    due_on = Day("bill_due", allow_none=True)
    items = Many("bill_items", fields.Nested(BillItemReply))


class ChosenReply(Strict):
    """Limits of an amount that the payer chooses, in fen; the amount is a multiple of the step."""

    minimum_fen = Fen("form_info")
    maximum_fen = Fen("form_info")
    step_fen = Fen("form_info")


class BillsReply(Strict):
    """All that is owed on one household."""

    household_id = Id()
    service = Word("service_info", SERVICE_ID)
    payee = Word("payee", TEXT)
    bills = Many("counters", fields.Nested(BillReply))
    chosen = Part(
        "form_info", ChosenReply, allow_none=True,
        description="自选金额（充值）的限额；按账单缴费时为 null · limits of a chosen amount (prepaid); null where bills are paid",
    )  # fmt: skip
