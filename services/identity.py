"""Proving who one is: the phone number that the platform verified, and the real name with proof of possession.

Knowing a name and a number proves nothing: millions of pairs are for sale. Beside them the person must hold what belongs to the
register's entry: the phone with the registered number, or the face. Whichever of them fails, the answer is the same, after
the same questions to the same back ends.
Number: GB 11643, MOD 11-2. Checksum and date refuse; an unknown place is only a warning (case-rules, section 4).
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from stdnum.cn import ric
from stdnum.exceptions import ValidationError

from services.catalogue import Catalogue
from services.doors import is_own
from services.errors import Conflict, IdentityNotProven, InputRefused, PersonMismatch
from services.mapping import disclose
from services.model import Assurance, Caller, Person, PlatformName, RegisterEntry
from services.ports import Clock, FaceCheck, IdentityRegister, KeyedHash, Platform, RateLimiter, Store
from services.till import business_day

ATTEMPTS_AN_HOUR = 5
"""Real-name attempts per person and, apart, per identity number: nobody finds out by trying whose phone belongs to whom."""
PHONES_AN_HOUR = 10

_NUMBER = re.compile(r"[1-9][0-9]{16}[0-9X]")
_DOTS = str.maketrans(dict.fromkeys("•‧∙⋅・．.", "·"))


@dataclass(frozen=True, slots=True)
class IdentityDesk:
    """Raises a person's level of assurance. ``face`` may be absent: then only the registered phone proves possession."""

    store: Store
    platforms: Mapping[PlatformName, Platform]
    register: IdentityRegister
    face: FaceCheck | None
    catalogue: Catalogue
    limiter: RateLimiter
    keyed_hash: KeyedHash
    clock: Clock

    def prove_phone(self, caller: Caller, evidence: str) -> Person:
        """Take the phone number that the platform verified.

        Raises ``InputRefused`` for evidence that yields no number, ``TooManyRequests`` and the errors of a platform.
        """
        if is_own(caller.app.platform):
            raise InputRefused(detail={"evidence": "no_phone"})  # an own door proves the phone when somebody signs in
        self.limiter.spend("prove-phone", str(caller.person_id), PHONES_AN_HOUR, 3600)
        told = disclose(
            self.catalogue.room("sign-in"), platform=caller.app.platform, agency_id=caller.app.agency_id,
            account=caller.app.app, purpose="prove_phone", request_id=caller.request_id, actor=caller.chain_id,
            concerned=(caller.chain_id,),
        )  # fmt: skip
        phone = tidy_phone(self.platforms[caller.app.platform].read_phone(caller.app, evidence, told))
        if not phone:
            raise InputRefused(detail={"evidence": "no_phone"})
        with self.store.begin(caller.agencies) as tx:
            tx.persons.record_phone(caller.person_id, phone, self.clock.now())
            return tx.persons.load(caller.person_id)

    def admit_attempt(self, caller: Caller, identity_number: str) -> str:
        """Spend one attempt, of the person and of the number; returns the number in its one form. Raises ``InputRefused``."""
        self.limiter.spend("real-name-person", str(caller.person_id), ATTEMPTS_AN_HOUR, 3600)
        number = read_identity_number(identity_number, business_day(self.clock.now()))
        subject = self.keyed_hash.lookup_hash("limit_identity", number).hex()
        self.limiter.spend("real-name-number", subject, ATTEMPTS_AN_HOUR, 3600)
        return number

    def prove_identity(self, caller: Caller, real_name: str, number: str, face_evidence: str | None) -> Person:
        """Raise the caller to real-name and join the account of the same human, if there is one.

        ``number`` comes from ``admit_attempt``. Raises ``IdentityNotProven``, ``PersonMismatch`` and the errors of a back end.
        """
        with self.store.begin(caller.agencies) as tx:
            person = tx.persons.load(caller.person_id)
        if person.identity_number is not None and not _same(person.identity_number, number):
            raise PersonMismatch
        entry = self.register.find(number, caller.request_id)
        named = entry is not None and same_name(entry.real_name, real_name)
        held = entry is not None and holds_phone(person, entry)
        if not (named and held) and face_evidence:
            held = self._shows_face(caller, entry.real_name if entry and named else real_name, number, face_evidence)
        if entry is None or not (named and held):
            raise IdentityNotProven
        if person.assurance >= Assurance.REAL_NAME:
            return person
        try:
            return self._record(caller, entry.real_name, number)
        except Conflict:
            return self._record(caller, entry.real_name, number)

    def _shows_face(self, caller: Caller, real_name: str, number: str, evidence: str) -> bool:
        """Asked also when the name or the number is wrong: neither the time that it takes nor its failure tells which."""
        return self.face is not None and self.face.verify(real_name, number, evidence, caller.request_id)

    def _record(self, caller: Caller, real_name: str, number: str) -> Person:
        """One transaction; two requests that prove the same number at once: the loser gets ``Conflict`` and finds the winner."""
        now = self.clock.now()
        with self.store.begin(caller.agencies) as tx:
            holder = tx.persons.find_by_identity(number)
            if holder is None:
                tx.persons.record_identity(caller.person_id, real_name, number, now)
                return tx.persons.load(caller.person_id)
            if holder.person_id != caller.person_id:
                known = [login for login in tx.persons.list_logins(holder.person_id) if login.revoked_at is None]
                tx.persons.join(caller.person_id, holder.person_id, now)
                for login in known:
                    tx.jobs.enqueue("tell_new_login", holder.agency_id, login.login_id)
            return tx.persons.load(holder.person_id)


def read_identity_number(text: str, today: date) -> str:
    """An identity number in its one form. Raises ``InputRefused`` with the rule that failed: form, checksum or date.

    The place in the first six digits is not looked up: the published table is incomplete, and real people exist whom it does not know.
    """
    number = text.strip().upper()
    if not _NUMBER.fullmatch(number):
        raise InputRefused(detail={"identity_number": "form"})
    if number[-1] != ric.calc_check_digit(number):
        raise InputRefused(detail={"identity_number": "checksum"})
    try:
        born_on = ric.get_birth_date(number)
    except ValidationError as error:
        raise InputRefused(detail={"identity_number": "date"}) from error
    if not date(1850, 1, 1) <= born_on <= today:
        raise InputRefused(detail={"identity_number": "date"})
    return number


def tidy_phone(phone: str) -> str:
    """A phone number as digits, the mainland's country code removed, any other kept with its plus sign; empty if it is none."""
    text = re.sub(r"[\s\-()]", "", unicodedata.normalize("NFKC", phone))
    text = re.sub(r"^(\+|00)?86(?=1[0-9]{10}$)", "", text)
    return text if re.fullmatch(r"\+?[0-9]{5,15}", text) else ""


def holds_phone(person: Person, entry: RegisterEntry) -> bool:
    """Whether the platform-verified phone is the register's."""
    held, registered = tidy_phone(person.phone or ""), tidy_phone(entry.phone or "")
    return bool(held) and bool(registered) and _same(held, registered)


def same_name(registered: str, given: str) -> bool:
    """Whether two ways of writing a name are the same name: width, spaces, case, and the dot inside a name do not count."""
    return _same(_plain_name(registered), _plain_name(given)) and bool(_plain_name(given))


def _plain_name(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).translate(_DOTS).split()).casefold()


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode("utf-8", "replace"), right.encode("utf-8", "replace"))
