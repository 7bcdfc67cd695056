"""What is offered inside one platform's app: the same for everybody, without a session."""

from __future__ import annotations

from marshmallow import fields

from gateway.schemas.catalogue import (
    FORM,
    NAME,
    TEXT,
    InputReply,
    LimitsReply,
    OutputReply,
    ServiceReply,
)
from gateway.schemas.fields import Choice, Many, Part, Strict, Word
from services.doors import PLATFORMS


class OfferReply(ServiceReply):
    """One service with its form, as it is before anybody has signed in."""

    agency = Word("service_info", NAME)
    legal_basis = Word("service_info", TEXT)
    inputs = Many(FORM, fields.Nested(InputReply))
    outputs = Many(FORM, fields.Nested(OutputReply))
    limits = Part(FORM, LimitsReply)


class OffersReply(Strict):
    """All of them, by their ids."""

    platform = Choice("service_info", PLATFORMS)
    services = Many("service_info", fields.Nested(OfferReply))
