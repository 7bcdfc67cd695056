"""How every journey begins: logged in, and known as well as the service needs. What is proven already is not asked for again."""

from __future__ import annotations

from datetime import datetime, timedelta

from gateway.demo.journey import Journey, require
from gateway.demo.phone import Phone
from services.model import Assurance

SESSION = timedelta(hours=6)
"""After so long a log-in is made anew: sessions of the counter end after half a day."""


def sign_in(journey: Journey, phone: Phone, needed: Assurance, now: datetime) -> None:
    """Log in unless a session is at hand; prove the phone number and the real name as far as ``needed`` says."""
    if phone.signed_in_at is None or now - phone.signed_in_at > SESSION:
        log_in(journey, phone, now)
    if phone.assurance < Assurance.PHONE <= needed:
        prove_phone(journey, phone)
    if phone.assurance < Assurance.REAL_NAME <= needed:
        prove_name(journey, phone)


def log_in(journey: Journey, phone: Phone, now: datetime) -> None:
    """A one-shot code of the platform for a session of ours."""
    with journey.step("logs in from the mini-program") as told:
        session = phone.log_in()
        phone.signed_in_at, phone.assurance = now, Assurance.from_label(session["assurance"])
        told.append(f"assurance: {session['assurance']}")


def prove_phone(journey: Journey, phone: Phone) -> None:
    """By what the platform says of the number."""
    with journey.step("proves the phone number") as told:
        answer = phone.call("POST", "/identity/phone", {"evidence": phone.make_phone_evidence()})
        phone.assurance = Assurance.from_label(answer["assurance"])
        told.append(f"{answer['phone_masked']}, assurance: {answer['assurance']}")
        require(phone.person.phone not in str(answer), "the phone number came back in clear")


def prove_name(journey: Journey, phone: Phone) -> None:
    """By what the government's own register says."""
    with journey.step("proves the real name against the register") as told:
        body = {"real_name": phone.person.real_name, "identity_number": phone.person.identity_number}
        answer = phone.call("POST", "/identity/real-name", body)
        phone.assurance = Assurance.from_label(answer["assurance"])
        told.append(f"{answer['real_name_masked']}, assurance: {answer['assurance']}")
        require(phone.assurance >= Assurance.REAL_NAME, "the real name was not accepted")
