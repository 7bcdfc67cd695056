"""The one table from a domain error to its HTTP status and public code, and the one form of an error's body.

With a session the body is ``{code, message, detail, request_id}`` and recorded. Without one it is fixed by code and language,
``detail`` and ``request_id`` null, and its digest stands in the manifest: an anonymous caller is told nothing that could differ.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from gateway.schemas.fields import UUID_FORM
from gateway.words import load_wording
from services import case_errors
from services import errors as domain
from services.case_record import CaseState
from services.cash_till import TillEdgeUnknown
from services.exposure import WireField, WireTable
from services.model import Assurance, JsonValue, Language, PaymentState
from services.payment_graph import EdgeUnknown


class ReplyRefused(domain.ExposureError):
    """A reply that the guard does not let out: undeclared, over budget, streamed, or without a word of what it is."""

    code = "internal"


TABLE: Mapping[type[domain.GuitaiError], tuple[int, str]] = {
    domain.GuitaiError: (500, "internal"),
    domain.Refusal: (400, "refused"),
    domain.InputRefused: (422, "input_refused"),
    domain.RequestTooLarge: (413, "request_too_large"),
    domain.RequestIncomplete: (400, "request_incomplete"),
    domain.MethodNotAllowed: (405, "method_not_allowed"),
    domain.NotSignedIn: (401, "not_signed_in"),
    domain.SessionExpired: (401, "session_expired"),
    domain.LoginCodeRefused: (401, "login_code_refused"),
    domain.LoginCutOff: (403, "login_cut_off"),
    domain.AssuranceTooLow: (403, "assurance_too_low"),
    domain.IdentityNotProven: (403, "identity_not_proven"),
    domain.PersonMismatch: (409, "person_mismatch"),
    domain.NotFound: (404, "not_found"),
    domain.HouseholdNotFound: (404, "household_not_found"),
    domain.ServiceUnknown: (404, "service_unknown"),
    domain.ServiceOff: (503, "service_off"),
    domain.NotPermitted: (403, "not_permitted"),
    domain.ApplicationRefused: (409, "application_refused"),
    domain.Conflict: (409, "conflict"),
    domain.LastLogin: (409, "last_login"),
    domain.NothingOwed: (409, "nothing_owed"),
    domain.BillChanged: (409, "bill_changed"),
    domain.BillHasOpenOrder: (409, "bill_has_open_order"),
    domain.IdempotencyKeyReused: (409, "idempotency_key_reused"),
    domain.RequestInProgress: (409, "request_in_progress"),
    domain.PaymentNotCancellable: (409, "payment_not_cancellable"),
    domain.ReceiptNotReady: (409, "receipt_not_ready"),
    case_errors.NotAllowedNow: (409, "not_allowed_now"),
    case_errors.CaseInOtherHands: (409, "case_in_other_hands"),
    case_errors.CaseMoved: (409, "case_moved"),
    case_errors.OwnMatter: (409, "own_matter"),
    case_errors.CorrectionLate: (409, "correction_late"),
    case_errors.ExtensionSpent: (409, "extension_spent"),
    case_errors.MandateEnded: (409, "mandate_ended"),
    case_errors.MaterialsMissing: (409, "materials_missing"),
    case_errors.FileRefused: (422, "file_refused"),
    case_errors.AlreadyRated: (409, "already_rated"),
    case_errors.ComplaintOpen: (409, "complaint_open"),
    case_errors.SlipRefused: (422, "slip_refused"),
    case_errors.DocumentNotReady: (409, "document_not_ready"),
    domain.TooManyRequests: (429, "too_many_requests"),
    domain.NoticeRefused: (400, "notice_refused"),
    domain.BackEndError: (502, "back_end_failed"),
    domain.BackEndRefused: (409, "back_end_refused"),
    domain.BackEndUnreachable: (503, "back_end_unreachable"),
    domain.BackEndOutcomeUnknown: (504, "back_end_outcome_unknown"),
    domain.BackEndGarbled: (502, "back_end_garbled"),
    domain.PlatformError: (502, "platform_failed"),
    domain.PlatformRefused: (502, "platform_refused"),
    domain.PlatformAccountBlocked: (403, "platform_account_blocked"),
    domain.PlatformUnreachable: (503, "platform_unreachable"),
    domain.PlatformOutcomeUnknown: (504, "platform_outcome_unknown"),
    domain.PlatformGarbled: (502, "platform_garbled"),
    domain.ExposureError: (500, "internal"),
    domain.ExposureUnavailable: (503, "exposure_unavailable"),
    domain.ExposureUndeclared: (500, "internal"),
    domain.ExposureOverBudget: (500, "internal"),
    domain.ConsentMissing: (403, "consent_missing"),
    ReplyRefused: (500, "internal"),
    domain.StoreUnavailable: (503, "store_unavailable"),
    domain.CacheUnavailable: (503, "cache_unavailable"),
    domain.VersionTaken: (503, "version_taken"),
    domain.ConfigurationFault: (500, "internal"),
    EdgeUnknown: (500, "internal"),
    TillEdgeUnknown: (500, "internal"),
}

REFUSALS_THAT_PASS: Mapping[str, type[domain.GuitaiError]] = {"system": domain.BackEndUnreachable}
"""A back end that answers with a fault of its own did not refuse anything: to the caller it is away, in its own sentence."""

STATUS_OF_CODE: Mapping[str, int] = {code: status for status, code in TABLE.values()}
PATH_FORM = r"Idempotency-Key|[a-z][a-z0-9_]{0,63}(?:\.[a-z][a-z0-9_]{0,63}){0,3}"
"""Names of our own fields, and of the one header that a request may need, as it is written there."""
RULE_FORM = "[a-z_]{1,40}"
STATES = frozenset(str(one) for kind in (PaymentState, CaseState) for one in kind)
"""What a payment or a case may be in when an act does not fit."""


def explain_error(error: Exception) -> tuple[int, str]:
    """HTTP status and public code of an error; anything that is not ours is (500, internal)."""
    if isinstance(error, domain.BackEndRefused) and error.reason in REFUSALS_THAT_PASS:
        return TABLE[REFUSALS_THAT_PASS[error.reason]]
    for kind in type(error).__mro__:
        if kind in TABLE:
            return TABLE[kind]
    return 500, "internal"


def write_error(
    code: str,
    language: Language,
    *,
    reason: str | None = None,
    detail: Mapping[str, JsonValue] | None = None,
    request_id: str | None = None,
    sentence: Mapping[Language, str] | None = None,
) -> bytes:
    """The bytes of an error reply. With code and language alone they are the fixed body; ``reason`` is a back end's no.

    ``sentence``: what staff wrote to citizens when they switched the service off; it takes the place of the fixed one.
    """
    wording = load_wording()
    message = wording.say_refusal(reason, language) if reason else wording.say_error(code, language)
    message = (sentence or {}).get(language) or message
    body = {"code": code, "message": message, "detail": detail or None, "request_id": request_id}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def show_detail(error: Exception) -> dict[str, JsonValue] | None:
    """What an error may add: refused fields (or the file) by name and rule, the level needed, when to try again. Nothing else passes."""
    detail = error.detail if isinstance(error, domain.GuitaiError) else None
    if not detail:
        return None
    if isinstance(error, domain.InputRefused):
        faults = [(_only(PATH_FORM, path, "body"), _only(RULE_FORM, rule, "form")) for path, rule in detail.items()]
        return {"fields": [{"path": path, "rule": rule} for path, rule in faults]}
    if isinstance(error, case_errors.FileRefused):
        return {"fields": [{"path": "file", "rule": _only(RULE_FORM, detail.get("rule"), "form")}]}
    if isinstance(error, case_errors.MaterialsMissing):
        missing = detail.get("materials")
        listed = missing if isinstance(missing, list | tuple) else ()
        names = [_only(PATH_FORM, f"materials.{name}", "materials") for name in listed]
        return {"fields": [{"path": name, "rule": "required"} for name in names]}
    shown: dict[str, JsonValue] = {}
    if detail.get("required") in {level.label for level in Assurance}:
        shown["required"] = detail["required"]
    if detail.get("state") in STATES:
        shown["state"] = str(detail["state"])
    wait = detail.get("retry_after_seconds")
    if isinstance(wait, int | float) and not isinstance(wait, bool):
        shown["retry_after_seconds"] = max(1, min(86_400, int(wait)))
    return shown or None


def _only(form: str, value: object, otherwise: str) -> str:
    if re.fullmatch(form, str(value)):
        return str(value)
    text = str(value).replace("-", "_").lower()
    return text if re.fullmatch(form, text) else otherwise


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(word) for word in sorted(words)))


def find_sentence(error: Exception) -> Mapping[Language, str] | None:
    """What staff wrote to citizens about a service that is switched off, if the error is about one."""
    told = error.detail.get("sentence") if isinstance(error, domain.ServiceOff) and error.detail else None
    return told if isinstance(told, Mapping) else None


@lru_cache(maxsize=16)
def make_error_table(off: frozenset[str] = frozenset()) -> WireTable:
    """What an error reply may hold: known codes, known sentences, names of our own fields. No place for anything else.

    ``off`` are the sentences of the services that are switched off at this moment.
    """
    wording = load_wording()
    sentences = {
        text for part in (wording.errors, wording.refusals) for table in part.values() for text in table.values()
    } | off
    levels = {level.label for level in Assurance}
    places = {
        "code": _any_of(set(STATUS_OF_CODE)),
        "message": _any_of(sentences),
        "detail": re.compile("null"),
        "detail.fields[].path": re.compile(PATH_FORM),
        "detail.fields[].rule": re.compile(RULE_FORM),
        "detail.required": _any_of(levels),
        "detail.state": _any_of(STATES),
        "detail.retry_after_seconds": re.compile("[0-9]{1,5}"),
        "request_id": re.compile(f"{UUID_FORM}|null"),
    }
    return WireTable("error", [WireField(f"body:{path}", "error", form) for path, form in places.items()])
