"""Organisations that one speaks for, and mandates: given, held, ended. Registers are asked; a word of one's own is never enough."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.arrival import current_arrival
from gateway.exposing import Blueprint, current_caller, current_desk, exposed
from gateway.mandate_tellers import PURPOSE, tell_mandates, tell_of_mandates, tell_of_organisations
from gateway.schemas.mandates import (
    GuardianshipRequest,
    MandateReply,
    MandateRequest,
    MandatesReply,
    OrganisationReply,
    OrganisationRequest,
    OrganisationsReply,
)
from services.case_record import MandateKind
from services.draft_content import ORGANISATION
from services.errors import ServiceUnknown
from services.mandate_deeds import Grant
from services.mandates import (
    MandateInView,
    give_mandate,
    list_mandates,
    record_guardianship,
    revoke_mandate,
    tell_history,
)
from services.masking import mask_name
from services.organisations import OrganisationInView, list_organisations, record_organisation

blueprint = Blueprint("mandates", __name__, description="单位和授权")


@blueprint.get("/organisations")
@exposed(PURPOSE, tell_mandates, shows=OrganisationsReply)
@blueprint.response(200, OrganisationsReply)
def show_organisations() -> dict[str, Any]:
    """本人可以代表的单位 · Organisations for which the caller may act now."""
    desk, caller = current_desk(), current_caller()
    found = list_organisations(desk.mandates, caller)
    current_arrival().tell(tell_of_organisations(desk, caller, [one.organisation for one in found]))
    return {"organisations": [_describe_organisation(one) for one in found]}


@blueprint.post("/organisations")
@exposed(PURPOSE, tell_mandates, asks=OrganisationRequest, shows=OrganisationReply)
@blueprint.arguments(OrganisationRequest)
@blueprint.response(201, OrganisationReply)
def add_organisation(asked: dict[str, Any]) -> dict[str, Any]:
    """登记本人任法定代表人的单位；向市场主体登记系统核对 · Record the organisation whose legal representative one is, as the business register says."""
    desk, caller = current_desk(), current_caller()
    found = record_organisation(desk.mandates, caller, asked["credit_code"])
    current_arrival().tell(tell_of_organisations(desk, caller, [found.organisation]))
    return _describe_organisation(found)


@blueprint.get("/mandates")
@exposed(PURPOSE, tell_mandates, shows=MandatesReply)
@blueprint.response(200, MandatesReply)
def show_mandates() -> dict[str, Any]:
    """本人持有和给出的授权，含已终止的 · Mandates that the caller holds or gave, ended ones too."""
    return {"mandates": [_describe(one) for one in _told(list_mandates(current_desk().mandates, current_caller()))]}


@blueprint.post("/mandates")
@exposed(PURPOSE, tell_mandates, asks=MandateRequest, shows=MandateReply)
@blueprint.arguments(MandateRequest)
@blueprint.response(201, MandateReply)
def add_mandate(asked: dict[str, Any]) -> dict[str, Any]:
    """授权他人代办；姓名和号码须与人口登记一致 · Authorise somebody; name and number are held against the population register."""
    named, organisation = asked["agent"], asked.get("organisation_id")
    grant = Grant(
        MandateKind(asked["kind"]), named["real_name"], named["identity_number"], asked["until"],
        tuple(asked.get("services") or ()), UUID(organisation) if organisation else None,
    )  # fmt: skip
    return _show(give_mandate(current_desk().mandates, current_caller(), grant))


@blueprint.post("/mandates/guardianships")
@exposed(PURPOSE, tell_mandates, asks=GuardianshipRequest, shows=MandateReply)
@blueprint.arguments(GuardianshipRequest)
@blueprint.response(201, MandateReply)
def add_guardianship(asked: dict[str, Any]) -> dict[str, Any]:
    """登记对未成年子女的监护；向人口登记核对 · Record that one is the parent of a child under age, as the population register says."""
    child = asked["child"]
    return _show(
        record_guardianship(current_desk().mandates, current_caller(), child["real_name"], child["identity_number"])
    )


@blueprint.post("/mandates/<uuid:mandate_id>/revoke")
@exposed(PURPOSE, tell_mandates, shows=MandateReply)
@blueprint.response(200, MandateReply)
def revoke(mandate_id: UUID) -> dict[str, Any]:
    """终止授权：授权人撤回，或者代理人辞去，立即生效 · End a mandate now: by its principal, or by the agent."""
    return _show(revoke_mandate(current_desk().mandates, current_caller(), mandate_id))


def _show(view: MandateInView) -> dict[str, Any]:
    return _describe(_told([view])[0])


def _told(views: list[MandateInView]) -> list[MandateInView]:
    """Say whom they concern, before they are shown."""
    desk, caller = current_desk(), current_caller()
    current_arrival().tell(tell_of_mandates(desk, caller, [one.mandate for one in views]))
    return views


def _describe_organisation(view: OrganisationInView) -> dict[str, Any]:
    return {
        "organisation_id": view.organisation.organisation_id,
        "name": view.organisation.name,
        "credit_code": view.organisation.credit_code,
        "mandate_id": view.mandate.mandate_id,
        "acting_as": view.mandate.kind,
    }


def _describe(view: MandateInView) -> dict[str, Any]:
    mandate, name = view.mandate, str(view.mandate.principal.get("name") or "")
    kind = mandate.principal.get("kind")
    return {
        "mandate_id": mandate.mandate_id,
        "kind": mandate.kind,
        "state": view.state,
        "given": view.given,
        "principal": {
            "kind": kind,
            "organisation": name if kind == ORGANISATION else None,
            "person": mask_name(name) if kind != ORGANISATION and name else None,
        },
        "agent": mask_name(str(mandate.agent.get("name") or "")),
        "services": [_describe_service(one) for one in mandate.services],
        "valid_from": mandate.valid_from,
        "valid_until": mandate.valid_until,
        "history": [
            {"event": one.name, "at": datetime.fromisoformat(one.at), "by": one.by}
            for one in tell_history(mandate, view.state)
        ],
    }


def _describe_service(service: str) -> dict[str, str]:
    """A service by its title; one that is not there any more by its id."""
    try:
        title = current_desk().catalogue.service(service).title[current_caller().language]
    except ServiceUnknown:
        title = service
    return {"service": service, "title": title}
