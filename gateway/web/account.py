"""The reader's account and its log-ins."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response

from gateway.web.desk import current_citizen, current_web
from gateway.web.frame import say_fault, show_page
from gateway.web.gate import page, see_other
from gateway.web.words import DOORS, Words
from services.errors import LastLogin
from services.masking import mask_phone

ACCOUNT = ("账户", "Account")
blueprint = Blueprint("account", __name__)


@page(blueprint, "/account", title=ACCOUNT, place=60)
def show_account() -> Response:
    """Log-ins and what happened to the account."""
    return _show()


def _show(fault: Words | None = None, status: int = 200) -> Response:
    web, caller = current_web(), current_citizen()
    logins, events = web.citizen.sessions.list_logins(caller)
    person = web.citizen.sessions.load_person(caller)
    with web.citizen.store.begin(caller.agencies) as tx:
        doors = {login.login_id: login.platform for login in tx.persons.list_logins(caller.person_id)}
    return show_page(
        "account.html", status, title=ACCOUNT, logins=logins, events=events, doors=DOORS, door_of=doors, fault=fault,
        phone=mask_phone(person.phone) if person.phone else "—", assurance=person.assurance.label,
    )  # fmt: skip


@page(blueprint, "/account/logins/<uuid:login_id>/cut-off", title=ACCOUNT, methods=["POST"])
def cut_off(login_id: UUID) -> Response:
    """End a log-in and its sessions."""
    try:
        current_web().citizen.sessions.cut_off(current_citizen(), login_id)
    except LastLogin as refused:
        return _show(say_fault(refused), 409)
    return see_other("/account")


@page(blueprint, "/account/logins/<uuid:login_id>/restore", title=ACCOUNT, methods=["POST"])
def restore(login_id: UUID) -> Response:
    """Let a log-in in again that was cut off."""
    current_web().citizen.sessions.let_in_again(current_citizen(), login_id)
    return see_other("/account")
