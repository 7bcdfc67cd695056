"""Organisations that somebody speaks for, and mandates: given, held, ended. Names of persons are masked."""

from __future__ import annotations

from marshmallow import fields

from gateway.schemas.catalogue import SERVICE_ID, TEXT
from gateway.schemas.drafts import KINDS
from gateway.schemas.fields import (
    MASKED_TEXT,
    PLAIN_TEXT,
    UUID_FORM,
    Choice,
    Day,
    Flag,
    Id,
    Many,
    Moment,
    Part,
    Strict,
    Word,
)
from services.case_record import MandateKind
from services.mandate_rules import MandateState

CREDIT_CODE = "[0-9A-HJ-NPQRTUWXY]{18}"
NAME = PLAIN_TEXT + "{1,50}"
IDENTITY_NUMBER = PLAIN_TEXT + "{1,40}"
GIVEN = (MandateKind.AGENT, MandateKind.FAMILY)
HAPPENED = ("recorded", "expired", "revoked")
PARTS = ("principal", "agent", "clerk", "register", "clock")


class OrganisationRequest(Strict):
    """The organisation whose legal representative one is."""

    credit_code = Word(
        "credit_code", PLAIN_TEXT + "{1,40}", required=True, description="统一社会信用代码 · unified social credit code"
    )


class OrganisationReply(Strict):
    """An organisation for which the caller may act, by which mandate."""

    organisation_id = Id()
    name = Word("organisation_name", PLAIN_TEXT + "{1,200}")
    credit_code = Word("credit_code", CREDIT_CODE)
    mandate_id = Id()
    acting_as = Choice("mandate_info", tuple(MandateKind))


class OrganisationsReply(Strict):
    """All of them, by name."""

    organisations = Many("counters", fields.Nested(OrganisationReply))


class NamedRequest(Strict):
    """A person by name and number, as in the population register."""

    real_name = Word("real_name", NAME, required=True, description="姓名 · name")
    identity_number = Word(
        "identity_number", IDENTITY_NUMBER, required=True, description="公民身份号码 · identity number"
    )


class MandateRequest(Strict):
    """Who is authorised, for what, till when. ``services`` empty: all that let such a one act; ``organisation_id`` null: for oneself."""

    kind = Choice("mandate_info", tuple(str(one) for one in GIVEN), required=True)
    organisation_id = Word("reference", UUID_FORM, allow_none=True)
    agent = Part("mandate_info", NamedRequest, required=True)
    services = Many("service_choice", Word("service_choice", SERVICE_ID))
    until = Day("mandate_info", required=True)


class GuardianshipRequest(Strict):
    """One's child under age."""

    child = Part("mandate_info", NamedRequest, required=True)


class PrincipalReply(Strict):
    """Whose right it is: an organisation by its name, a person masked."""

    kind = Choice("mandate_info", KINDS)
    organisation = Word("organisation_name", PLAIN_TEXT + "{1,200}", allow_none=True)
    person = Word("mandate_info", MASKED_TEXT, allow_none=True)


class ServiceNameReply(Strict):
    """A service that a mandate reaches."""

    service = Word("service_info", SERVICE_ID)
    title = Word("service_info", TEXT)


class HappenedReply(Strict):
    """Something that happened to a mandate, and by which side."""

    event = Choice("mandate_info", HAPPENED)
    at = Moment("mandate_info")
    by = Choice("mandate_info", PARTS)


class MandateReply(Strict):
    """A mandate as one side of it sees it. ``given``: the caller is the principal or speaks for it; else they hold it."""

    mandate_id = Id()
    kind = Choice("mandate_info", tuple(MandateKind))
    state = Choice("mandate_info", tuple(MandateState))
    given = Flag("mandate_info")
    principal = Part("mandate_info", PrincipalReply)
    agent = Word("mandate_info", MASKED_TEXT)
    services = Many("mandate_info", fields.Nested(ServiceNameReply))
    valid_from = Moment("mandate_info")
    valid_until = Moment("mandate_info", allow_none=True)
    history = Many("mandate_info", fields.Nested(HappenedReply))


class MandatesReply(Strict):
    """All that one holds and all that one gave, ended ones too: newest first."""

    mandates = Many("counters", fields.Nested(MandateReply))
