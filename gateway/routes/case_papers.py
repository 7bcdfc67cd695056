"""What an applicant holds of a case: the receipt, the list of documents, the certificate, the code with which it is collected.

The documents themselves are read at the government's own door; here are their numbers, and the slips by which anybody verifies them.
"""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask import g

from gateway.case_replies import describe_document
from gateway.case_tellers import mapping_of_case, tell_case
from gateway.exposing import Blueprint, current_caller, current_desk, exposed
from gateway.schemas.cases import CaseReceiptReply, CertificateReply, CollectionCodeReply, DocumentsReply
from services.case_clocks import terms_of
from services.case_errors import DocumentNotReady, NotAllowedNow
from services.case_file import CaseFile
from services.case_record import CaseState
from services.case_views import list_documents
from services.case_words import say_state
from services.cases import collect_online
from services.slip_desk import show_case_receipt, show_collection_code

blueprint = Blueprint("case-papers", __name__, description="办件凭证和证照")
SLIPS_A_MINUTE = 30
"""Receipts and collection codes, per person: each is signed anew."""
FOLLOW = "follow_case"


@blueprint.get("/cases/<uuid:case_id>/receipt")
@exposed(FOLLOW, tell_case(FOLLOW), shows=CaseReceiptReply)
@blueprint.response(200, CaseReceiptReply)
def show_receipt(case_id: UUID) -> dict[str, Any]:  # noqa: ARG001 - the teller read it
    """收件（受理）凭证：编号、时间、两个时限，附可核验的二维码内容 · The receipt: number, moments, both deadlines, and its slip."""
    desk, caller = current_desk(), current_caller()
    _spend_slip()
    receipt = show_case_receipt(desk.applicants.desk, g.case_file, caller.language)
    return {name: getattr(receipt, name) for name in CaseReceiptReply().fields}


@blueprint.get("/cases/<uuid:case_id>/documents")
@exposed(FOLLOW, tell_case(FOLLOW), shows=DocumentsReply)
@blueprint.response(200, DocumentsReply)
def show_documents(case_id: UUID) -> dict[str, Any]:
    """已出具的文书和证照；全文在政务网站查阅 · What the office made out; its text is read at the government's own door."""
    documents = [describe_document(one) for one in list_documents(g.case_file)]
    return {"case_id": case_id, "documents": documents, "read_at": _name_page(g.case_file)}


@blueprint.get("/cases/<uuid:case_id>/certificate")
@exposed(FOLLOW, tell_case(FOLLOW), shows=CertificateReply)
@blueprint.response(200, CertificateReply)
def show_certificate(case_id: UUID) -> dict[str, Any]:  # noqa: ARG001 - the same
    """证照编号、有效期、核验二维码内容和领取方式 · The certificate: number, till when, its slip, how it is had."""
    return _describe_certificate(g.case_file)


@blueprint.post("/cases/<uuid:case_id>/collect")
@exposed(FOLLOW, tell_case(FOLLOW), shows=CertificateReply)
@blueprint.response(200, CertificateReply)
def collect(case_id: UUID) -> dict[str, Any]:
    """领取电子证照：选择电子送达的，领取即送达 · Collect the electronic certificate: it is delivered by that."""
    return _describe_certificate(collect_online(current_desk().applicants, current_caller(), case_id))


@blueprint.post("/cases/<uuid:case_id>/collection-codes")
@exposed(FOLLOW, tell_case(FOLLOW), shows=CollectionCodeReply)
@blueprint.response(201, CollectionCodeReply)
def make_collection_code(case_id: UUID) -> dict[str, Any]:  # noqa: ARG001 - the same
    """窗口领取证照的领取码，数分钟内有效，一次有效 · A code to take the certificate at the window: good for minutes, and once."""
    _spend_slip()
    code = show_collection_code(current_desk().applicants.desk, g.case_file)
    return {"case_no": code.case_no, "slip": code.slip, "expires_at": code.expires_at}


def _spend_slip() -> None:
    current_desk().limiter.spend("case-slips", str(current_caller().person_id), SLIPS_A_MINUTE, 60)


def _describe_certificate(file: CaseFile) -> dict[str, Any]:
    """Raises ``DocumentNotReady`` while it is being made, ``NotAllowedNow`` where there is none."""
    issued, language = file.last("certificate_issued"), current_caller().language
    if issued is None:
        if file.state is CaseState.GRANTED:
            raise DocumentNotReady
        raise NotAllowedNow(detail={"state": str(file.state), "asked": "certificate"})
    mapping = mapping_of_case(current_desk(), file.case)
    certificate, until = terms_of(mapping).certificate, issued.data.get("valid_until")
    return {
        "case_no": file.case.case_no,
        "state": file.state,
        "title": certificate.title[language] if certificate else mapping.title[language],
        "number": issued.data.get("number") or "",
        "issued_on": date.fromisoformat(str(issued.data["on"])),
        "valid_until": date.fromisoformat(str(until)) if until else None,
        "revoked": file.last("certificate_revoked") is not None,
        "delivery": file.case.delivery or None,
        "message": say_state(file.state, language),
        "slip": issued.data["slip"],
        "read_at": _name_page(file),
    }


def _name_page(file: CaseFile) -> str:
    """Where the case's documents are read: a page of the government's own door, for whoever signs in there."""
    return f"{current_desk().applicants.desk.web_url}/cases/{file.case.case_id}"
