"""A case in its applicant's hand: how far it is, by when, what happened, what they may do; receipt, documents, certificate.

Nothing here names anybody of the staff: there is no field for it.
"""

from __future__ import annotations

from marshmallow import fields

from gateway.schemas.applications import Outputs
from gateway.schemas.catalogue import NAME, SERVICE_ID, TEXT
from gateway.schemas.drafts import DELIVERIES, KINDS, VERSION_DIGITS
from gateway.schemas.fields import (
    MASKED_TEXT,
    PLAIN_TEXT,
    UUID_FORM,
    Choice,
    Count,
    Day,
    Days,
    Flag,
    Id,
    Many,
    Moment,
    Part,
    Strict,
    Values,
    Word,
)
from gateway.schemas.materials import LONG_TEXT, CaseMaterialReply
from services import clock_words
from services.case_record import CaseState, MandateKind
from services.case_views import ACTS
from services.clock import ClockKind

CASE_NO = PLAIN_TEXT + "{1,50}"
NUMBER = PLAIN_TEXT + "{0,100}"
ORGANISATION = PLAIN_TEXT + "{1,200}"
SLIP_TEXT = r"[\x21-\x7e]{1,4096}"
WEB_ADDRESS = r"https?://[\x21-\x7e]{1,300}"
DAY_REASONS = tuple(clock_words.REASONS)
STATES, CLOCKS, MANDATES = tuple(CaseState), tuple(ClockKind), tuple(MandateKind)


class DeadlineReply(Strict):
    """A deadline. ``days_left``: working days after today, below 0 how many it is late. ``provisional``: a year's holidays are not
    published yet, so the day may move. ``standing``: a special procedure without a told end stops it; ``due_on`` is then the earliest day.
    """

    clock = Choice("deadline", CLOCKS)
    name = Word("deadline", TEXT)
    due_on = Day("deadline")
    days_left = Days("deadline")
    message = Word("deadline", TEXT)
    provisional = Flag("deadline")
    note = Word("deadline", TEXT, allow_none=True)
    standing = Flag("deadline")
    calendar_version = Count("deadline")


class DayReply(Strict):
    """One day of a deadline: whether it counts, as which, why, and by which law or notice."""

    on = Day("deadline")
    counted = Flag("deadline")
    number = Count("deadline", allow_none=True)
    reason = Choice("deadline", DAY_REASONS)
    message = Word("deadline", TEXT)
    source = Word("deadline", TEXT, allow_none=True)
    provisional = Flag("deadline")


class ExplainedDeadlineReply(DeadlineReply):
    """A deadline with every day from the one on which it begins."""

    start_on = Day("deadline")
    days = Many("deadline", fields.Nested(DayReply))


class DeadlinesReply(Strict):
    """The deadlines that run now, day by day."""

    case_id = Id()
    case_no = Word("case_no", CASE_NO)
    deadlines = Many("deadline", fields.Nested(ExplainedDeadlineReply))


class CaseReply(Strict):
    """What is said when a case is handed in; ``received_on`` is the legal day of receipt."""

    case_id = Id()
    case_no = Word("case_no", CASE_NO)
    service = Word("service_info", SERVICE_ID)
    state = Choice("case_state", STATES)
    message = Word("case_state", TEXT)
    received_at = Moment("case_state")
    received_on = Day("case_state")


class CaseInListReply(CaseReply):
    """A case in the list, with its nearest deadline. ``for_another``: of an organisation or person for whom the caller acts."""

    title = Word("service_info", TEXT)
    for_another = Flag("case_state")
    updated_at = Moment("case_state")
    due = Part("deadline", DeadlineReply, allow_none=True)


class CasesQuery(Strict):
    """Where to go on in the list."""

    cursor = Word("counters", UUID_FORM, description="上一页的 next_cursor · next_cursor of the page before")


class CasesReply(Strict):
    """A page of cases, newest first."""

    cases = Many("counters", fields.Nested(CaseInListReply))
    next_cursor = Word("counters", UUID_FORM, allow_none=True)


class EntryReply(Strict):
    """Something that happened, in a sentence; ``words`` are the office's own, in paragraphs."""

    version = Count("case_timeline")
    state = Choice("case_timeline", STATES)
    at = Moment("case_timeline")
    message = Word("case_timeline", LONG_TEXT)
    words = Many("notice_text", Word("notice_text", LONG_TEXT))


class WantedReply(Strict):
    """What may be brought now, by name: inputs and promises; files are uploaded where the checklist says so. ``needed``: all or nothing."""

    inputs = Many("case_state", Word("case_state", NAME))
    promises = Many("case_state", Word("case_state", NAME))
    needed = Many("case_state", Word("case_state", NAME))


class CaseDetailReply(CaseReply):
    """A case with everything that its applicant may know. ``version`` is what an act names, ``acts`` are what they may do now."""

    version = Count("reference", digits=VERSION_DIGITS)
    title = Word("service_info", TEXT)
    applicant = Choice("case_state", KINDS)
    organisation = Word("organisation_name", ORGANISATION, allow_none=True)
    on_behalf_of = Word("mandate_info", MASKED_TEXT, allow_none=True)
    acting_as = Choice("mandate_info", MANDATES, allow_none=True)
    updated_at = Moment("case_state")
    accepted_on = Day("case_state", allow_none=True)
    delivery = Choice("delivery_choice", DELIVERIES, allow_none=True)
    acts = Many("case_state", Choice("case_state", tuple(ACTS.values())))
    wanted = Part("case_state", WantedReply)
    deadlines = Many("deadline", fields.Nested(DeadlineReply))
    timeline = Many("case_timeline", fields.Nested(EntryReply))
    materials = Many("material_title", fields.Nested(CaseMaterialReply))
    outputs = Part(
        "case_state", Outputs, allow_none=True,
        description="结果内容，按服务的 outputs；尚无结果为 null · the result, by the service's outputs; null as long as there is none",
    )  # fmt: skip


class ActRequest(Strict):
    """The version of the case that the page showed; a case that has moved since is not acted on."""

    version = Count("reference", digits=VERSION_DIGITS, required=True)


class ChangesRequest(ActRequest):
    """What is brought: changed inputs, promises by name. Files were uploaded to the case before."""

    inputs = Values(
        "service_choice", description="更改的内容，按服务的 inputs · changed values, by the service's inputs"
    )
    promises = Many("material_title", Word("material_title", NAME))


class DocumentReply(Strict):
    """A document of the case. Its text is read at the government's own door alone: ``read_at``."""

    version = Count("document_info")
    kind = Word("document_info", "[a-z][a-z_]{0,39}")
    number = Word("document_info", NUMBER)
    at = Moment("document_info")
    revoked = Flag("document_info")


class DocumentsReply(Strict):
    """What the office made out, oldest first."""

    case_id = Id()
    documents = Many("document_info", fields.Nested(DocumentReply))
    read_at = Word("document_info", WEB_ADDRESS)


class CaseReceiptReply(Strict):
    """The receipt: number, moments and both deadlines, signed in ``slip``; what does not apply (yet) is null."""

    case_no = Word("case_no", CASE_NO)
    service = Word("service_info", SERVICE_ID)
    title = Word("service_info", TEXT)
    organ = Word("service_info", TEXT)
    state = Choice("case_state", STATES)
    received_at = Moment("case_state")
    received_on = Day("case_state")
    accepted_at = Moment("case_state", allow_none=True)
    accepted_on = Day("case_state", allow_none=True)
    told_by_on = Day("deadline", allow_none=True)
    promised_on = Day("deadline", allow_none=True)
    statutory_on = Day("deadline", allow_none=True)
    provisional = Flag("deadline")
    slip = Word("slip", SLIP_TEXT)


class CertificateReply(Strict):
    """The certificate: its number, how it is had, and the slip by which anybody verifies it. ``revoked``: it holds no longer."""

    case_no = Word("case_no", CASE_NO)
    state = Choice("case_state", STATES)
    title = Word("document_info", TEXT)
    number = Word("document_info", NUMBER)
    issued_on = Day("document_info")
    valid_until = Day("document_info", allow_none=True)
    revoked = Flag("document_info")
    delivery = Choice("delivery_choice", DELIVERIES, allow_none=True)
    message = Word("case_state", TEXT)
    slip = Word("slip", SLIP_TEXT)
    read_at = Word("document_info", WEB_ADDRESS)


class CollectionCodeReply(Strict):
    """What is shown at the window to take the certificate: good till then, and once."""

    case_no = Word("case_no", CASE_NO)
    slip = Word("slip", SLIP_TEXT)
    expires_at = Moment("slip")
