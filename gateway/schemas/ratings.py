"""Ratings and complaints: what somebody says of a matter of theirs, and what the office answers. Nobody of the staff has a field here."""

from __future__ import annotations

from marshmallow import fields

from gateway.schemas.catalogue import TEXT
from gateway.schemas.fields import PLAIN_TEXT, Choice, Count, Day, Flag, Id, Level, Many, Moment, Strict, Word
from services.case_record import ComplaintState
from services.complaints import BAD_RATING, COMPLAINT
from services.rating_rules import MATTERS, TAGS, WORDS_LIMIT

WORDS = PLAIN_TEXT + f"{{0,{WORDS_LIMIT}}}"
ABOUT = "事项种类：case 办件，payment 缴费，application 申请 · what the matter is"
SUBJECT = "case_id、payment_id 或 application_id · its id"


class RatingRequest(Strict):
    """A rating: once per matter."""

    about = Choice("reference", MATTERS, required=True)
    subject = Id(required=True)
    level = Level(
        "rating_level", required=True,
        description="5 非常满意，4 满意，3 基本满意，2 不满意，1 非常不满意 · 5 is best; 2 and 1 are bad",
    )  # fmt: skip
    tags = Many("rating_words", Choice("rating_words", TAGS), load_default=list)
    words = Word("rating_words", WORDS, load_default="", description="意见，可不填 · words, or none")


class ComplaintRequest(Strict):
    """A complaint about a matter."""

    about = Choice("reference", MATTERS, required=True)
    subject = Id(required=True)
    words = Word("complaint_words", PLAIN_TEXT + f"{{1,{WORDS_LIMIT}}}", required=True)
    contact = Word(
        "complaint_words",
        "|[0-9+ -]{5,20}",
        load_default="",
        description="联系电话，可不填 · a telephone number, or none",
    )


class ComplaintReply(Strict):
    """A complaint, or the follow-up of a bad rating (``bad_rating``), and its answer once there is one."""

    complaint_id = Id()
    kind = Choice("complaint_words", (COMPLAINT, BAD_RATING))
    state = Choice("complaint_words", tuple(ComplaintState))
    message = Word("complaint_words", TEXT)
    words = Word("complaint_words", WORDS)
    filed_at = Moment("complaint_words")
    due_on = Day("complaint_words")
    overdue = Flag("complaint_words")
    answer = Word("complaint_words", WORDS, allow_none=True)
    answered_at = Moment("complaint_words", allow_none=True)


class VoiceReply(Strict):
    """What somebody has said of a matter. ``level`` and ``rated_at`` are null unless the caller rated it themselves."""

    about = Choice("reference", MATTERS)
    subject = Id()
    rated = Flag("rating_level")
    level = Count("rating_level", digits=1, allow_none=True)
    rated_at = Moment("rating_level", allow_none=True)
    complaints = Many("complaint_words", fields.Nested(ComplaintReply))
