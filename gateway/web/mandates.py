"""Who may act for whom: organisations of the reader's, mandates given and held, children under age."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from gateway.web.desk import current_citizen, current_web
from gateway.web.frame import say_fault, show_page
from gateway.web.gate import page, see_other
from gateway.web.words import MANDATE_STATES, MANDATES, Words, say_rules
from services.case_errors import MandateEnded
from services.case_record import MandateKind
from services.errors import InputRefused, NotPermitted, TooManyRequests
from services.mandate_deeds import Grant
from services.mandates import give_mandate, list_mandates, record_guardianship, revoke_mandate
from services.model import Language
from services.organisations import list_organisations, record_organisation

TITLE = ("授权", "Acting for others")
GIVEN = (MandateKind.AGENT, MandateKind.FAMILY)
blueprint = Blueprint("mandates", __name__)


@page(blueprint, "/mandates", title=TITLE, place=40)
def show_mandates() -> Response:
    """All mandates, those that are over too, and the forms for new ones."""
    return show_all()


def show_all(faults: list[Words] | None = None, status: int = 200) -> Response:
    """The page; what is wrong with a form stands above, and what was typed in it stays."""
    room, caller = current_web().mandates, current_citizen()
    services = [
        (mapping.id, mapping.title.get(Language.ZH_CN, mapping.id))
        for _, mapping in sorted(current_web().citizen.catalogue.services.items())
        if mapping.counter is not None
    ]
    return show_page(
        "mandates.html", status, title=TITLE, mandates=list_mandates(room, caller), kinds=MANDATES, states=MANDATE_STATES,
        organisations=list_organisations(room, caller), faults=faults or [], given=[(one, MANDATES[one][0]) for one in GIVEN],
        services=services, typed=request.form,
        headed=[one for one in list_organisations(room, caller) if one.mandate.kind is MandateKind.LEGAL_REPRESENTATIVE],
    )  # fmt: skip


def _try(act: Any, *given: Any) -> Response:
    """Do it and show the list, or show the form again with what is wrong."""
    try:
        act(current_web().mandates, current_citizen(), *given)
    except InputRefused as refused:
        return show_all(say_rules(refused.detail), 422)
    except (NotPermitted, MandateEnded) as refused:
        return show_all([say_fault(refused)], 403)
    except TooManyRequests as refused:
        return show_all([say_fault(refused)], 429)
    return see_other("/mandates")


@page(blueprint, "/mandates/give", title=TITLE, methods=["POST"])
def give() -> Response:
    """Authorise somebody; the register must bear out name and number."""
    form = request.form
    try:
        grant = Grant(
            kind=MandateKind(form.get("kind", "")),
            agent_name=form.get("agent_name", "")[:50],
            agent_number=form.get("agent_number", "")[:40],
            until=date.fromisoformat(form["until"]) if form.get("until") else None,
            services=form.getlist("service")[:50],
            organisation_id=UUID(form["organisation_id"]) if form.get("organisation_id") else None,
        )
    except ValueError:
        return show_all(say_rules({"kind": "form"}), 422)
    return _try(give_mandate, grant)


@page(blueprint, "/mandates/child", title=TITLE, methods=["POST"])
def record_child() -> Response:
    """Record that one is the parent of a child under age, as the register says."""
    return _try(record_guardianship, request.form.get("child_name", "")[:50], request.form.get("child_number", "")[:40])


@page(blueprint, "/mandates/organisation", title=TITLE, methods=["POST"])
def record_company() -> Response:
    """Record the organisation whose legal representative one is."""
    return _try(record_organisation, request.form.get("credit_code", "")[:40])


@page(blueprint, "/mandates/<uuid:mandate_id>/revoke", title=TITLE, methods=["POST"])
def revoke(mandate_id: UUID) -> Response:
    """End a mandate now."""
    return _try(revoke_mandate, mandate_id)
