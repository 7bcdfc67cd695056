"""What the government's own pages are made of, and who is in front of them at this request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from flask import current_app, g

from gateway.desk import Desk
from services.case_access import ApplicantDesk
from services.exposure_file_maker import NoProofs, ProofReader
from services.log_files import LogFiles, NothingPublished
from services.model import Caller
from services.organisations import MandateDesk
from services.signed_note import NoteKey
from services.uploads import UploadDesk
from services.web_sign_in import WebSignInDesk


@dataclass(frozen=True, slots=True)
class WebDesk:
    """The dependencies of the pages. ``citizen`` are those of the citizen API beside them; ``secure`` is off only on loopback.

    ``log_files`` and ``log_keys`` are what is published of the ledger's log, ``proofs`` makes
    a citizen's file.
    """

    citizen: Desk
    entrance: WebSignInDesk
    applicants: ApplicantDesk
    uploads: UploadDesk
    mandates: MandateDesk
    random: Callable[[int], bytes]
    release: str
    secure: bool
    log_files: LogFiles = field(default_factory=NothingPublished)
    log_keys: tuple[NoteKey, ...] = ()
    proofs: ProofReader = field(default_factory=NoProofs)


def current_web() -> WebDesk:
    """The dependencies of this app."""
    desk: WebDesk = current_app.extensions["guitai-web"]
    return desk


def current_visitor() -> Caller | None:
    """Whoever the gate let in, if it was asked to."""
    caller: Caller | None = g.get("caller")
    return caller


def current_citizen() -> Caller:
    """Whoever is in front of the page; only behind the gate."""
    caller: Caller = g.caller
    return caller


def spend_as_citizen(what: str, most: int, seconds: int) -> None:
    """Count one of what the citizen API counts too: a person has one allowance, by whichever way. Raises ``TooManyRequests``."""
    current_web().citizen.limiter.spend(what, str(current_citizen().person_id), most, seconds)
