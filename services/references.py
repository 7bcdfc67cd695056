"""What a household, a bill or a log-in is called towards a client: a random-looking name of its own for each person and platform.

Neither the company's numbers nor our own ids leave. Two payers of one bill, or one person on two platforms, see different names,
so that platforms which compare what they saw cannot tell by them who pays for the same household (PIPL art. 6).
"""

from __future__ import annotations

import base64
from uuid import UUID

from services.model import Caller, Household
from services.ports import KeyedHash, Transaction


def refer_to_household(keyed_hash: KeyedHash, caller: Caller, household: Household) -> UUID:
    """The ``household_id`` of the citizen API: 122 bits of HMAC-SHA256 over household, person and platform, in the form of a UUID."""
    named = f"{household.household_id}|{caller.person_id}|{caller.app.platform}"
    return UUID(bytes=keyed_hash.lookup_hash("household_ref", named)[-16:], version=4)


def refer_to_login(keyed_hash: KeyedHash, caller: Caller, login_id: UUID) -> UUID:
    """The ``login_id`` of the citizen API: every app lists all log-ins of a person, and under one id two platforms would find each other's."""
    named = f"{login_id}|{caller.person_id}|{caller.app.platform}"
    return UUID(bytes=keyed_hash.lookup_hash("login_ref", named)[-16:], version=4)


def refer_to_bill(keyed_hash: KeyedHash, household_ref: UUID, bill_no: str) -> str:
    """The ``bill_ref``: 32 characters of base64url over 24 bytes of HMAC-SHA256 of the household's reference and the bill number."""
    digest = keyed_hash.lookup_hash("bill_ref", f"{household_ref}|{bill_no}")
    return base64.urlsafe_b64encode(digest[-24:]).decode()


def find_bound(tx: Transaction, keyed_hash: KeyedHash, caller: Caller, reference: UUID) -> Household | None:
    """The household that the caller has bound and that goes by this reference, or None: also for somebody else's."""
    bound = tx.households.list_bound(caller.person_id)
    return next((one for one in bound if refer_to_household(keyed_hash, caller, one) == reference), None)
