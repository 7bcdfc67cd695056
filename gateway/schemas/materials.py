"""The checklist of a draft or case: what is there of each material, what was checked, and what may be uploaded now."""

from __future__ import annotations

from marshmallow import fields

from gateway.schemas.catalogue import NAME
from gateway.schemas.fields import PLAIN_TEXT, Choice, Count, Flag, Id, Many, Moment, Strict, Word
from services.counter_materials import Standing
from services.file_rules import ENDINGS

TITLE = PLAIN_TEXT + "{0,200}"
LONG_TEXT = PLAIN_TEXT + "{0,4000}"
MEDIA_TYPES = tuple(ENDINGS)
CHECKLIST = "material_title"


class FileReply(Strict):
    """An uploaded file. ``waiting``: it is not handed in yet. Its content is read at the government's own door alone."""

    file_id = Id()
    title = Word(CHECKLIST, TITLE)
    media_type = Choice(CHECKLIST, MEDIA_TYPES)
    size_bytes = Count(CHECKLIST)
    waiting = Flag(CHECKLIST)


class CheckReply(Strict):
    """One check of a material. ``register`` is null for a check by eye; ``by`` never names anybody."""

    what = Word(CHECKLIST, LONG_TEXT)
    ok = Flag(CHECKLIST)
    register = Word(CHECKLIST, TITLE, allow_none=True)
    at = Moment(CHECKLIST, allow_none=True)
    by = Word(CHECKLIST, TITLE)
    original_seen = Flag(CHECKLIST)


class CaseMaterialReply(Strict):
    """One material. ``standing`` is null in a draft, where nobody has judged yet; ``message`` says it in a sentence."""

    name = Word(CHECKLIST, NAME)
    title = Word(CHECKLIST, LONG_TEXT)
    level = Choice(CHECKLIST, ("A", "B", "C", "D"))
    optional = Flag(CHECKLIST)
    secondary = Flag(CHECKLIST)
    standard = Word(CHECKLIST, LONG_TEXT, allow_none=True)
    fetched_from = Word(CHECKLIST, TITLE, allow_none=True)
    standing = Choice(CHECKLIST, tuple(Standing), allow_none=True)
    message = Word(CHECKLIST, LONG_TEXT)
    vouched = Flag(CHECKLIST)
    files = Many(CHECKLIST, fields.Nested(FileReply))
    checks = Many(CHECKLIST, fields.Nested(CheckReply))
    may_upload = Flag(CHECKLIST)
    accepts = Many(CHECKLIST, Choice(CHECKLIST, MEDIA_TYPES))
    maximum_files = Count(CHECKLIST, allow_none=True)
    maximum_megabytes = Count(CHECKLIST, allow_none=True)


class UploadQuery(Strict):
    """The name of the file, beside its bytes."""

    title = Word(
        "material_file", PLAIN_TEXT + "{1,255}", description="文件名 · name of the file; without one it has none"
    )
