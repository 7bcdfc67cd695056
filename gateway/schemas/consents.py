"""What a citizen agrees to inside a platform's app: texts, how they stand, what happened."""

from __future__ import annotations

from marshmallow import fields, validate

from gateway.schemas.catalogue import NAME, SERVICE_ID, TEXT
from gateway.schemas.fields import Choice, Count, Flag, Many, Moment, Strict, Word
from services.consent_record import ConsentName

INFO, CHOICE = "consent_info", "consent_choice"
VERSION_FORM = "[0-9a-f]{64}"
CHANNELS = ("wechat", "alipay", "web", "window", "house")


class ConsentRequest(Strict):
    """Which text was on the screen, and what had happened last."""

    version = Word(
        CHOICE, VERSION_FORM, required=True, description="所同意的文本的版本 · version of the text that is agreed to"
    )
    after = Count(CHOICE, required=True, strict=True, validate=validate.Range(min=0))
    """As ``number`` was shown."""


class ConsentFieldReply(Strict):
    """One field that the platform may see, by the way in which it does."""

    direction = Word(INFO, "[a-z_]{1,40}")
    name = Word(INFO, NAME)
    label = Word(INFO, TEXT)


class ConsentEventReply(Strict):
    """One thing that happened, the newest last."""

    name = Choice(INFO, tuple(ConsentName))
    at = Moment(INFO)
    channel = Choice(INFO, CHANNELS)
    version = Word(INFO, VERSION_FORM, allow_none=True)


class ConsentReply(Strict):
    """One purpose that rests on consent: its text word for word in the caller's language, and how it stands."""

    service = Word(INFO, SERVICE_ID)
    purpose = Word(INFO, NAME)
    title = Word(INFO, TEXT)
    name = Word(INFO, TEXT)
    because = Word(INFO, TEXT)
    legal_basis = Word(INFO, TEXT)
    recipient = Word(INFO, TEXT)
    kept = Word(INFO, TEXT)
    separate = Flag(INFO, documented={"description": "单独同意 · asked for apart from everything else"})
    seen = Many(INFO, fields.Nested(ConsentFieldReply))
    version = Word(INFO, VERSION_FORM)
    offered = Flag(INFO, documented={"description": "是否仍在征求同意 · whether consent is still asked for"})
    in_force = Flag(INFO)
    state = Choice(INFO, tuple(ConsentName), allow_none=True)
    number = Count(INFO)
    history = Many(INFO, fields.Nested(ConsentEventReply))


class ConsentsReply(Strict):
    """Everything on this platform for which consent is asked or was given."""

    note = Word(INFO, TEXT)
    consents = Many(INFO, fields.Nested(ConsentReply))


class ConsentStateReply(Strict):
    """How one of them stands now."""

    state = Choice(INFO, tuple(ConsentName))
    in_force = Flag(INFO)
    number = Count(INFO)
