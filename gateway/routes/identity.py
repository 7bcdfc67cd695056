"""Who one is: the phone number, the real name, the account."""

from __future__ import annotations

from typing import Any

from flask import g

from gateway.exposing import Blueprint, current_caller, current_desk, exposed, in_room
from gateway.schemas.identity import AccountReply, PhoneReply, PhoneRequest, RealNameReply, RealNameRequest
from gateway.tellers import tell_real_name
from services.masking import mask_name, mask_phone

blueprint = Blueprint("identity", __name__, description="身份核验")


@blueprint.post("/identity/phone")
@exposed("prove_phone", in_room("sign-in", "prove_phone"), asks=PhoneRequest, shows=PhoneReply)
@blueprint.arguments(PhoneRequest)
@blueprint.response(200, PhoneReply)
def prove_phone(asked: dict[str, Any]) -> dict[str, Any]:
    """核验平台提供的手机号 · Take the phone number that the platform verified."""
    person = current_desk().identity.prove_phone(current_caller(), asked["evidence"])
    return {"assurance": person.assurance.label, "phone_masked": mask_phone(person.phone or "")}


@blueprint.post("/identity/real-name")
@exposed("prove_identity", tell_real_name, asks=RealNameRequest, shows=RealNameReply)
@blueprint.arguments(RealNameRequest)
@blueprint.response(200, RealNameReply)
def prove_identity(asked: dict[str, Any]) -> dict[str, Any]:
    """实名核验：姓名、身份证号码，并证明为本人 · Prove one's real name."""
    desk, caller = current_desk().identity, current_caller()
    if "attempt_refused" in g:
        raise g.attempt_refused
    number = g.get("identity_number") or desk.admit_attempt(caller, asked["identity_number"])
    person = desk.prove_identity(caller, asked["real_name"], number, asked.get("face_evidence"))
    return {"assurance": person.assurance.label, "real_name_masked": mask_name(person.real_name or "")}


@blueprint.get("/account")
@exposed("manage_account", in_room("account", "manage_account"), shows=AccountReply)
@blueprint.response(200, AccountReply)
def show_account() -> dict[str, Any]:
    """本人账户（遮蔽） · What is known of the caller, masked."""
    person = current_desk().sessions.load_person(current_caller())
    return {
        "assurance": person.assurance.label,
        "phone_masked": mask_phone(person.phone) if person.phone else None,
        "real_name_masked": mask_name(person.real_name) if person.real_name else None,
    }
