"""The services on offer."""

from __future__ import annotations

from marshmallow import fields

from gateway.schemas.fields import PLAIN_TEXT, Choice, Count, Many, Strict, Word
from gateway.schemas.sessions import ASSURANCE

SERVICE_ID = "[a-z][a-z0-9-]{0,63}"
TEXT = PLAIN_TEXT + "{0,500}"
"""As long as the longest text of a mapping (``legal_basis``, ``config/mapping_schema.py``)."""


class ServiceReply(Strict):
    """One service in the list."""

    service = Word("service_info", SERVICE_ID)
    version = Count("service_info")
    kind = Word("service_info", "[a-z_]{1,40}")
    title = Word("service_info", TEXT)
    summary = Word("service_info", TEXT, allow_none=True)
    assurance = Choice("assurance", ASSURANCE)
    payee = Word("payee", TEXT, allow_none=True)


class InputReply(Strict):
    """Something to enter, and what the screen says about it."""

    name = Word("service_info", "[a-z_]{1,40}")
    label = Word("service_info", TEXT)
    help = Word("service_info", TEXT, allow_none=True)
    pattern = Word("service_info", r"[\x20-\x7e]{1,200}", allow_none=True)


class ServiceDetailReply(ServiceReply):
    """One service with all that a citizen needs to begin."""

    legal_basis = Word("service_info", TEXT)
    inputs = Many("service_info", fields.Nested(InputReply))


class ServicesReply(Strict):
    """All services on this platform."""

    services = Many("service_info", fields.Nested(ServiceReply))
