"""Every way in which the counter says no. An error is a stable ``code`` and a flag whether trying again can help.

::

    GuitaiError
    ├── Refusal                      the caller must change something
    │   ├── InputRefused             a field, named by its path in ``detail``
    │   ├── RequestTooLarge, RequestIncomplete, MethodNotAllowed
    │   ├── NotSignedIn, SessionExpired, LoginCodeRefused, LoginCutOff, AssuranceTooLow, IdentityNotProven, PersonMismatch
    │   ├── NotPermitted, ApplicationRefused
    │   ├── NotFound                 also what belongs to somebody else
    │   ├── Conflict                 BillHasOpenOrder, BillChanged, NothingOwed, IdempotencyKeyReused, RequestInProgress, ...
    │   │                            those of cases stand in services/case_errors.py
    │   └── TooManyRequests
    ├── NoticeRefused                a platform notice that does not verify
    ├── BackEndError                 BackEndRefused, BackEndUnreachable, BackEndOutcomeUnknown, BackEndGarbled
    ├── PlatformError                PlatformRefused, PlatformUnreachable, PlatformOutcomeUnknown, PlatformGarbled
    ├── ExposureError                ExposureUnavailable, ExposureUndeclared, ExposureOverBudget, ConsentMissing
    ├── StoreUnavailable, CacheUnavailable, VersionTaken
    └── ConfigurationFault

A message names the rule and the place, never a request or a value. HTTP numbers live in ``gateway/errors.py`` alone.
"""

from __future__ import annotations


class GuitaiError(Exception):
    """Root of all domain errors. ``detail`` is safe to show to the caller; it never holds a value from a request."""

    code = "internal"
    retryable = False

    def __init__(self, message: str = "", *, detail: dict[str, object] | None = None) -> None:
        super().__init__(message or self.code)
        self.detail = detail


class Refusal(GuitaiError):
    """The caller must change something before it can succeed."""

    code = "refused"


class InputRefused(Refusal):
    """A field of the request is not acceptable; ``detail`` maps its path to the rule."""

    code = "input_refused"


class RequestTooLarge(Refusal):
    """The request is over the limit; it was not read to its end."""

    code = "request_too_large"


class RequestIncomplete(Refusal):
    """The request did not arrive whole, or contradicts itself about its length."""

    code = "request_incomplete"


class MethodNotAllowed(Refusal):
    """The address exists, but not for this."""

    code = "method_not_allowed"


class NotSignedIn(Refusal):
    """No session, or one that does not exist."""

    code = "not_signed_in"


class SessionExpired(NotSignedIn):
    """The session ended or was cut off by its owner."""

    code = "session_expired"


class LoginCodeRefused(Refusal):
    """The platform does not accept the log-in code: unknown, expired or used already."""

    code = "login_code_refused"


class LoginCutOff(Refusal):
    """The owner of the account cut this login off; another login of the same person can let it in again."""

    code = "login_cut_off"


class AssuranceTooLow(Refusal):
    """The service needs a better proof of identity; ``detail`` names the level."""

    code = "assurance_too_low"


class IdentityNotProven(Refusal):
    """Name, number and possession do not agree with the register; which of them stays unsaid."""

    code = "identity_not_proven"


class PersonMismatch(Refusal):
    """This login already proved that it belongs to another person."""

    code = "person_mismatch"


class NotFound(Refusal):
    """It does not exist, or it is somebody else's: the answer is the same."""

    code = "not_found"


class HouseholdNotFound(NotFound):
    """The company knows no such household number."""

    code = "household_not_found"


class ServiceUnknown(NotFound):
    """No such service on this platform."""

    code = "service_unknown"


class ServiceOff(Refusal):
    """The service is switched off or in the company's batch window."""

    code = "service_off"
    retryable = True


class NotPermitted(Refusal):
    """The caller is known and may not do this here. Says nothing of whether what was asked for exists."""

    code = "not_permitted"


class ApplicationRefused(Refusal):
    """The back end did not take the application; its reason has a fixed sentence."""

    code = "application_refused"


class Conflict(Refusal):
    """The state of the matter does not allow it."""

    code = "conflict"


class LastLogin(Conflict):
    """The only login that is left cannot be cut off: nobody could undo it but a clerk at the window."""

    code = "last_login"


class NothingOwed(Conflict):
    """The company says that nothing is owed on this bill."""

    code = "nothing_owed"


class BillChanged(Conflict):
    """The bill is not the one that the citizen saw."""

    code = "bill_changed"


class BillHasOpenOrder(Conflict):
    """Somebody is paying this bill at the moment, perhaps on the other platform."""

    code = "bill_has_open_order"
    retryable = True


class IdempotencyKeyReused(Conflict):
    """The same Idempotency-Key came with another body."""

    code = "idempotency_key_reused"


class RequestInProgress(Conflict):
    """The first request with this key has not ended yet."""

    code = "request_in_progress"
    retryable = True


class PaymentNotCancellable(Conflict):
    """The payment has gone too far to be cancelled."""

    code = "payment_not_cancellable"


class ReceiptNotReady(Conflict):
    """There is no receipt before the company has written the bill off."""

    code = "receipt_not_ready"
    retryable = True


class TooManyRequests(Refusal):
    """A rate limit; ``detail`` holds ``retry_after_seconds``."""

    code = "too_many_requests"
    retryable = True


class NoticeRefused(GuitaiError):
    """A notice that fails a check. ``reason`` is a stable word for logs and metrics, never shown."""

    code = "notice_refused"

    def __init__(self, reason: str, *, probe: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.probe = probe


class BackEndError(GuitaiError):
    """A government back end or a utility did not answer as agreed."""

    code = "back_end_failed"


class BackEndRefused(BackEndError):
    """It answered no. ``reason`` is one of the mapping's error names (no_such_household, nothing_owed, ...)."""

    code = "back_end_refused"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BackEndUnreachable(BackEndError):
    """Nothing can have arrived there: safe to repeat."""

    code = "back_end_unreachable"
    retryable = True


class BackEndOutcomeUnknown(BackEndError):
    """It may have happened: ask, never repeat blindly."""

    code = "back_end_outcome_unknown"
    retryable = True


class BackEndGarbled(BackEndOutcomeUnknown):
    """An answer that does not have the agreed shape: HTML, truncated, wrong charset, too large."""

    code = "back_end_garbled"


class PlatformError(GuitaiError):
    """A platform did not answer as agreed."""

    code = "platform_failed"


class PlatformRefused(PlatformError):
    """It answered no. ``reason`` is the platform's own stable code, kept for logs."""

    code = "platform_refused"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PlatformAccountBlocked(PlatformRefused):
    """It refused because of the person's own account with it (blocked, restricted): another channel helps, asking again does not."""

    code = "platform_account_blocked"


class PlatformUnreachable(PlatformError):
    """Nothing can have arrived there: safe to repeat."""

    code = "platform_unreachable"
    retryable = True


class PlatformOutcomeUnknown(PlatformError):
    """It may have happened: ask, never repeat blindly."""

    code = "platform_outcome_unknown"
    retryable = True


class PlatformGarbled(PlatformOutcomeUnknown):
    """An answer whose signature or shape does not hold; nothing in it is believed."""

    code = "platform_garbled"


class ExposureError(GuitaiError):
    """Something would have been shown to a platform without a record or without permission."""

    code = "exposure_refused"


class ExposureUnavailable(ExposureError):
    """The ledger cannot commit: nothing leaves."""

    code = "exposure_unavailable"
    retryable = True


class ExposureUndeclared(ExposureError):
    """The bytes hold a field that was not declared, or lack a declared one. ``detail`` names the path."""

    code = "exposure_undeclared"


class ExposureOverBudget(ExposureError):
    """A declared field is outside the service's exposure budget for this platform and direction."""

    code = "exposure_over_budget"


class ConsentMissing(ExposureError):
    """The purpose rests on consent, and this person has not agreed to this text here, or has withdrawn it: nothing leaves."""

    code = "consent_missing"


class StoreUnavailable(GuitaiError):
    """The government store cannot be reached."""

    code = "store_unavailable"
    retryable = True


class CacheUnavailable(GuitaiError):
    """Sessions, limits or replay windows cannot be reached: default deny."""

    code = "cache_unavailable"
    retryable = True


class VersionTaken(GuitaiError):
    """Another event took this (aggregate, version) first: load again and decide again."""

    code = "version_taken"
    retryable = True


class ConfigurationFault(GuitaiError):
    """Settings, mappings or secrets are not usable; the message lists all faults."""

    code = "configuration_fault"
