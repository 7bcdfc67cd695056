"""Who in the administration read what of the caller's."""

from __future__ import annotations

from marshmallow import fields

from gateway.schemas.catalogue import TEXT
from gateway.schemas.fields import UUID_FORM, Choice, Count, Id, Many, Moment, Part, Strict, Word
from services.reading_record import About


class ReadingsQuery(Strict):
    """Where to go on in the list."""

    cursor = Word("counters", UUID_FORM, description="上一页的 next_cursor · next_cursor of the page before")


class ToldLaterReply(Strict):
    """Why a look is told only now; the organ and its order are named at the government's own doors."""

    ground = Word("reading_why", TEXT)
    authority = Word("reading_why", TEXT, allow_none=True)
    document_no = Word("reading_why", TEXT, allow_none=True)
    released_at = Moment("reading_when")


class ReadingReply(Strict):
    """The looks of one member of the staff on one day at one thing."""

    who = Word("reading_who", TEXT)
    office = Word("reading_who", TEXT)
    about = Choice("reading_why", tuple(About))
    subject = Word("reading_why", TEXT, description="查阅的是什么 · what was read, in words")
    subject_id = Id(allow_none=True)
    case_no = Word("case_no", "[0-9A-Za-z-]{1,50}", allow_none=True)
    looks = Many("reading_why", Word("reading_why", TEXT, description="做了什么 · what was done, in order"))
    reasons = Many("reading_why", Word("reading_why", TEXT))
    first_at = Moment("reading_when")
    last_at = Moment("reading_when")
    times = Count("reading_when")
    told_later = Part("reading_why", ToldLaterReply, allow_none=True)


class ReadingsReply(Strict):
    """A page of looks, newest first, and what this list is."""

    note = Word("reading_why", TEXT)
    readings = Many("reading_why", fields.Nested(ReadingReply))
    next_cursor = Word("counters", UUID_FORM, allow_none=True)
