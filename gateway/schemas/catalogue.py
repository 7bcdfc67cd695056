"""The services on offer, and the form of each."""

from __future__ import annotations

from marshmallow import fields

from gateway.schemas.fields import PLAIN_TEXT, Choice, Count, Fen, Flag, Many, Part, Strict, Varied, Word
from gateway.schemas.sessions import ASSURANCE

SERVICE_ID = "[a-z][a-z0-9-]{0,63}"
TEXT = PLAIN_TEXT + "{0,500}"
"""As long as the longest text of a mapping (``legal_basis``, ``config/mapping_schema.py``)."""
NAME = "[a-z][a-z0-9_-]{0,63}"
FORM = "form_info"
LIMIT_DIGITS = 13
"""As the largest limit of an input: 10**12, for money in fen."""


class ServiceAbout(Strict):
    """What is said of a service everywhere. ``off`` is the sentence to citizens while the service is paused."""

    service = Word("service_info", SERVICE_ID)
    version = Count("service_info")
    kind = Word("service_info", "[a-z_]{1,40}")
    title = Word("service_info", TEXT)
    summary = Word("service_info", TEXT, allow_none=True)
    payee = Word("payee", TEXT, allow_none=True)
    channels = Many("service_info", Word("service_info", "[a-z]{1,20}"))
    off = Word(
        "service_info", TEXT, allow_none=True,
        description="暂停办理的说明；正常为 null · why it is paused; null when it is not",
    )  # fmt: skip


class ServiceReply(ServiceAbout):
    """One service in the list."""

    assurance = Choice("assurance", ASSURANCE)


class ServicesReply(Strict):
    """All services on this platform."""

    services = Many("service_info", fields.Nested(ServiceReply))


class AssuranceReply(Strict):
    """How well the caller must be known, and is."""

    needed = Choice("assurance", ASSURANCE)
    yours = Choice("assurance", ASSURANCE)
    enough = Flag("assurance")


class ChoiceReply(Strict):
    """One of the words that a choice offers."""

    value = Word(FORM, "[A-Za-z0-9_-]{1,40}")
    label = Word(FORM, TEXT)


class InputReply(Strict):
    """Something to enter, and what the screen says about it."""

    name = Word(FORM, NAME)
    type = Word(
        FORM, "[a-z]{1,20}",
        description="text、digits、date、month、choice、money（元，文本）为文本；whole 为整数；flag 为 true/false · "
        "text, digits, date, month, choice, money (yuan) are texts; whole is a number; flag is true or false",
    )  # fmt: skip
    label = Word(FORM, TEXT)
    help = Word(FORM, TEXT, allow_none=True)
    example = Word(FORM, TEXT, allow_none=True)
    pattern = Word(FORM, r"[\x20-\x7e]{1,200}", allow_none=True)
    choices = Many(FORM, fields.Nested(ChoiceReply))
    optional = Flag(FORM)
    minimum = Count(FORM, digits=LIMIT_DIGITS, allow_none=True)
    maximum = Count(FORM, digits=LIMIT_DIGITS, allow_none=True)
    editable = Flag(
        FORM,
        documented={"description": "false：不要提交此项，由系统填入 · false: never send it, it is filled in for you"},
    )
    prefilled_from = Word(FORM, r"(account|back_end)\.[a-z][a-z0-9_]{0,63}", allow_none=True)


class ColumnReply(Strict):
    """A column of a list that a result shows."""

    name = Word(FORM, NAME)
    label = Word(FORM, TEXT)
    type = Word(FORM, "[a-z]{1,20}")


class OutputReply(ColumnReply):
    """Something that a result shows."""

    columns = Many(FORM, fields.Nested(ColumnReply))


class LimitsReply(Strict):
    """How long it may take, in working days: by law, and as promised."""

    statutory_days = Count(FORM, allow_none=True)
    promised_days = Count(FORM, allow_none=True)


class FeeReply(Strict):
    """A fee with its law; no amount: it depends."""

    name = Word(FORM, TEXT)
    amount_fen = Fen(FORM, allow_none=True)
    legal_ground = Word(FORM, TEXT)


class PreconditionReply(Strict):
    """Something to be done before, with the trips that it takes."""

    name = Word(FORM, TEXT)
    trips = Count(FORM)
    legal_ground = Word(FORM, TEXT)


class ActsReply(Strict):
    """Clicks, and fields that are typed."""

    clicks = Count(FORM)
    typed = Count(FORM)


class EffortLineReply(Strict):
    """One entry of the label with its reason. ``count`` 0: what one is spared."""

    sort = Word(FORM, "click|field|screen|trip")
    when = Word(
        FORM, "known|first|each|after",
        description="known 身份核验，不计入；first 首次办理；each 每次；after 领取结果 · known: who one is, not counted; first: the first time "
        "with this service; each: every time; after: for the result",
    )  # fmt: skip
    count = Count(FORM)
    what = Word(FORM, TEXT)
    why = Word(FORM, TEXT)
    legal_ground = Word(FORM, TEXT, allow_none=True)


class EffortLabelReply(ActsReply):
    """What it takes at the caller's door, counted from the mapping: the first time, the result included (docs/effort.md)."""

    screens = Count(FORM)
    trips = Count(FORM)
    again = Part(FORM, ActsReply)
    known = Part(FORM, ActsReply)
    click_once = Flag(
        FORM, documented={"description": "一键办理：打开后确认一次即可 · one confirmation after opening is all"}
    )
    stands_out = Flag(FORM, documented={"description": "明显多于同类事项 · clearly more than others of its kind"})
    lines = Many(FORM, fields.Nested(EffortLineReply))


class EffortReply(Strict):
    """What it takes a citizen: ``clicks``, ``trips`` and ``preconditions`` are the most that is promised, ``label`` is the count."""

    clicks = Count(FORM)
    trips = Count(FORM)
    legal_ground = Word(FORM, TEXT, allow_none=True)
    preconditions = Many(FORM, fields.Nested(PreconditionReply))
    label = Part(FORM, EffortLabelReply)


class StepReply(Strict):
    """A step at the office. ``agency``: another agency's (joint handling); steps of one ``together`` run side by side."""

    name = Word(FORM, TEXT)
    role = Word(FORM, NAME)
    limit_days = Count(FORM, allow_none=True)
    hands_over_to = Word(FORM, NAME, allow_none=True)
    agency = Word(FORM, NAME, allow_none=True)
    together = Word(FORM, NAME, allow_none=True)


class PaymentTermsReply(Strict):
    """How it is paid; the limits are those of an amount that the payer chooses."""

    model = Word(FORM, "order|non-tax")
    amount = Word(FORM, "billed|chosen")
    minimum_fen = Fen(FORM, allow_none=True)
    maximum_fen = Fen(FORM, allow_none=True)
    step_fen = Fen(FORM, allow_none=True)
    after = Word(FORM, TEXT, allow_none=True)


class MaterialReply(Strict):
    """A material of a case."""

    name = Word(FORM, NAME)
    title = Word(FORM, TEXT)
    level = Word(
        FORM, "[A-D]",
        description="A 由系统向登记机关调取，不要提交；B 到窗口核验原件；C 上传；D 本人承诺 · A is fetched from a register, never "
        "handed in; B is seen at the window; C is uploaded; D is vouched for by name",
    )  # fmt: skip
    optional = Flag(FORM)
    secondary = Flag(FORM, documented={"description": "可容缺后补 · may be handed in later, against a promise"})
    fetched_from = Word(FORM, TEXT, allow_none=True, description="A：向哪个系统调取 · of level A: from which register")
    accepts = Many(FORM, Word(FORM, "[a-z]{1,20}/[a-z0-9.+-]{1,60}"))
    maximum_files = Count(FORM, allow_none=True)
    maximum_megabytes = Count(FORM, allow_none=True)
    standard = Word(FORM, TEXT, allow_none=True)
    legal_ground = Word(FORM, TEXT)


class DecidingReply(Strict):
    """Who accepts and decides: clerks, or the rule of a government back end."""

    by = Word(FORM, "clerk|back_end")
    back_end = Word(FORM, NAME, allow_none=True)
    organ = Word(FORM, TEXT, allow_none=True)
    accepted_by = Word(FORM, "clerk|checks")
    two_hands = Flag(FORM, documented={"description": "受理和决定不是同一人 · whoever accepts does not decide"})


class CaseDaysReply(Strict):
    """Working days of a case's clocks beside ``limits``; ``gap`` is null where nothing may be handed in later."""

    completeness = Count(FORM)
    correction = Count(FORM)
    extension = Count(FORM)
    gap = Count(FORM, allow_none=True)
    delivery = Count(FORM)


class ReceivingReply(Strict):
    """The office's hours for receipt, in Beijing time, and the day that counts outside them."""

    opens = Word(FORM, "[0-9]{2}:[0-9]{2}")
    closes = Word(FORM, "[0-9]{2}:[0-9]{2}")
    outside = Word(FORM, "next_working_day|same_day")


class SpecialReply(Strict):
    """A special procedure that may interrupt the decision clock, with its law and how long it takes."""

    code = Word(FORM, NAME)
    title = Word(FORM, TEXT)
    legal_ground = Word(FORM, TEXT)
    days = Count(FORM)


class CounterReply(Strict):
    """How a case is handled at the government's own counter."""

    applicants = Many(FORM, Word(FORM, "person|organisation"))
    mandates = Many(FORM, Word(FORM, "agent|guardian|family"))
    materials = Many(FORM, fields.Nested(MaterialReply))
    deciding = Part(FORM, DecidingReply)
    days = Part(FORM, CaseDaysReply)
    receiving = Part(FORM, ReceivingReply)
    special = Many(FORM, fields.Nested(SpecialReply))
    delivery = Many(FORM, Word(FORM, "window|post|electronic"))
    appeal = Word(FORM, TEXT, allow_none=True)
    certificate = Word(FORM, TEXT, allow_none=True)
    valid_months = Count(FORM, allow_none=True)


class NextReply(Strict):
    """The request that comes next."""

    method = Word(FORM, "GET|POST")
    path = Word(FORM, "/v1/[a-z0-9/-]{1,120}")


class Prefilled(Varied):
    """What the government has already, by input: masked, or in clear where it may be changed. Its members are the service's."""


class ServiceDetailReply(ServiceAbout):
    """One service with all that a client needs to show its form."""

    assurance = Part("assurance", AssuranceReply)
    agency = Word("service_info", NAME)
    legal_basis = Word("service_info", TEXT)
    inputs = Many(FORM, fields.Nested(InputReply))
    prefilled = Part(
        FORM, Prefilled,
        description="政府已掌握的内容，按 inputs 的 name：不可改的已遮蔽 · what the government has already, by the name of an "
        "input: masked unless it may be changed",
    )  # fmt: skip
    outputs = Many(FORM, fields.Nested(OutputReply))
    limits = Part(FORM, LimitsReply)
    fees = Many(FORM, fields.Nested(FeeReply))
    effort = Part(FORM, EffortReply)
    steps = Many(FORM, fields.Nested(StepReply))
    payment = Part(FORM, PaymentTermsReply, allow_none=True)
    counter = Part(
        FORM, CounterReply, allow_none=True,
        description="办件（kind 为 case）的申请人、材料、决定方式、时限和领取方式；其他为 null · of kind case: who may apply, materials, "
        "how it is decided, days, ways of delivery; else null",
    )  # fmt: skip
    next = Part(
        FORM, NextReply, allow_none=True,
        description="下一步的请求；null：暂停办理，或须到窗口核验身份 · the next request; null: paused, or prove your identity at a window",
    )  # fmt: skip
