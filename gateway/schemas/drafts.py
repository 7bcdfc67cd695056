"""A case before it is handed in: the draft, with its checklist and what it still lacks.

What a service asks in ``inputs`` is put in for each service and version by ``gateway/schemas/case_services.py``.
"""

from __future__ import annotations

from marshmallow import fields

from gateway.schemas.catalogue import NAME, SERVICE_ID, TEXT
from gateway.schemas.fields import (
    PLAIN_TEXT,
    UUID_FORM,
    Choice,
    Count,
    Flag,
    Id,
    Many,
    Moment,
    Part,
    Strict,
    Values,
    Varied,
    Word,
)
from gateway.schemas.materials import CaseMaterialReply

KINDS = ("person", "organisation")
DELIVERIES = ("window", "post", "electronic")
ADDRESS = PLAIN_TEXT + "{0,200}"
VERSION_DIGITS = 6


class ApplicantRequest(Strict):
    """Whose matter it is: one's own or another person's (by a mandate), or an organisation's."""

    kind = Choice("service_choice", KINDS, required=True)
    organisation_id = Word(
        "reference", UUID_FORM, allow_none=True, description="见 GET /v1/organisations · of GET /v1/organisations"
    )


class DraftRequest(Strict):
    """What is filled in so far; what is left out is not filled in yet. ``promises`` are names of level D materials that are vouched for,
    ``later`` those of secondary materials that are brought afterwards.
    """

    inputs = Values(
        "service_choice",
        description="按服务表单的 inputs 填写，可以不完整；不可编辑的预填项不要提交 · by the service's own inputs, as far as they are filled "
        "in; never a prefilled one that is not editable",
    )  # fmt: skip
    applicant = Part("service_choice", ApplicantRequest)
    mandate_id = Word(
        "reference", UUID_FORM, allow_none=True,
        description="代理他人办理时的授权编号 · the mandate under which somebody acts for another",
    )  # fmt: skip
    delivery = Choice("delivery_choice", DELIVERIES, allow_none=True)
    address = Word("postal_address", ADDRESS, allow_none=True, description="邮寄地址，仅限邮寄 · for the post only")
    promises = Many("material_title", Word("material_title", NAME))
    later = Many("service_choice", Word("service_choice", NAME))


class DraftChangeRequest(DraftRequest):
    """All of a draft anew, in the place of what it held in ``version``."""

    version = Count("reference", digits=VERSION_DIGITS, required=True)


class SubmitRequest(Strict):
    """The version of the draft that is handed in: as the page showed it, and no other."""

    version = Count("reference", digits=VERSION_DIGITS, required=True)


class ApplicantReply(Strict):
    """Whose matter a draft is."""

    kind = Choice("case_state", KINDS)
    organisation_id = Word("reference", UUID_FORM, allow_none=True)


class LackingReply(Strict):
    """One thing without which it cannot be handed in: ``inputs.NAME`` or ``materials.NAME``."""

    path = Word("form_info", r"[a-z]{1,20}\.[a-z][a-z0-9_-]{0,63}")
    rule = Word("form_info", "[a-z_]{1,40}")


class DraftInListReply(Strict):
    """A draft in the list."""

    draft_id = Id()
    service = Word("service_info", SERVICE_ID)
    title = Word("service_info", TEXT)
    version = Count("reference", digits=VERSION_DIGITS)
    organisation = Flag("case_state")
    created_at = Moment("case_state")
    updated_at = Moment("case_state")


class DraftsReply(Strict):
    """The drafts that can be gone on with here, newest first."""

    drafts = Many("counters", fields.Nested(DraftInListReply))


class DraftInputs(Varied):
    """What is filled in, by the names of the service's inputs."""


class DraftReply(Strict):
    """A draft with everything that is in it."""

    draft_id = Id()
    service = Word("service_info", SERVICE_ID)
    title = Word("service_info", TEXT)
    version = Count("reference", digits=VERSION_DIGITS)
    created_at = Moment("case_state")
    updated_at = Moment("case_state")
    applicant = Part("case_state", ApplicantReply)
    mandate_id = Word("reference", UUID_FORM, allow_none=True)
    inputs = Part(
        "form_info", DraftInputs, description="已填内容，按服务的 inputs · what is filled in, by the service's inputs"
    )
    delivery = Choice("delivery_choice", DELIVERIES, allow_none=True)
    address = Word("postal_address", ADDRESS, allow_none=True)
    promises = Many("material_title", Word("material_title", NAME))
    later = Many("material_title", Word("material_title", NAME))
    materials = Many("material_title", fields.Nested(CaseMaterialReply))
    lacking = Many("form_info", fields.Nested(LackingReply))
