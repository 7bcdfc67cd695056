"""How the counter says no in matters of cases, materials, mandates and slips. The tree's trunk stands in ``services/errors.py``."""

from __future__ import annotations

from services.errors import Conflict, Refusal


class NotAllowedNow(Conflict):
    """The state of the case does not allow it; ``detail`` names the state and what was asked."""

    code = "not_allowed_now"


class CaseInOtherHands(Conflict):
    """Another clerk has the case in hand."""

    code = "case_in_other_hands"


class CaseMoved(Conflict):
    """The case is not as the page showed it: somebody acted meanwhile, or the form was sent twice. Look again."""

    code = "case_moved"


class OwnMatter(Conflict):
    """Nobody decides a matter of their own, approves their own request, or decides alone what two must see; ``detail`` names the rule."""

    code = "own_matter"


class CorrectionLate(Conflict):
    """The term of the correction notice has passed."""

    code = "correction_late"


class ExtensionSpent(Conflict):
    """The limit was extended already, or has passed."""

    code = "extension_spent"


class MandateEnded(Conflict):
    """The mandate was revoked, has run out or does not reach this service."""

    code = "mandate_ended"


class MaterialsMissing(Conflict):
    """Materials that the service needs are not there; ``detail`` names them."""

    code = "materials_missing"


class FileRefused(Refusal):
    """An uploaded file is not acceptable; ``detail`` names the rule: type, size, count, pages, active, encrypted, damaged."""

    code = "file_refused"


class AlreadyRated(Conflict):
    """One rating per matter and per visit."""

    code = "already_rated"


class ComplaintOpen(Conflict):
    """An earlier complaint about this matter is not answered yet."""

    code = "complaint_open"


class SlipRefused(Refusal):
    """A slip that does not hold. ``reason``: form, key, signature, expired, revoked, not_yet."""

    code = "slip_refused"

    def __init__(self, reason: str) -> None:
        super().__init__(reason, detail={"reason": reason})
        self.reason = reason


class DocumentNotReady(Conflict):
    """The document is being made."""

    code = "document_not_ready"
    retryable = True
