"""What a clerk's forms hold, as the use cases take it. Nothing is judged here but whether a day is a day and a number a number."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from flask import request
from werkzeug.datastructures import MultiDict

from services.counter_delivery import Bearer
from services.counter_notices import OTHER, CorrectionItem
from services.counter_reception import MaterialCheck
from services.counter_terms import CounterTerms
from services.errors import InputRefused
from services.file_rules import Upload
from services.mapping import Input, ServiceMapping
from services.model import JsonValue, Language
from services.service_words import is_typed
from services.walk_ins import ApplicantShown
from services.window_desk import Brought
from services.window_mandates import Shown

Form = MultiDict[str, str]
OK, WRONG = "ok", "wrong"
GAP_FILE = "file"
"""What the form says of a gap's promise that is not a material but a file that was scanned."""


def read_seen(form: Form) -> int:
    """The version that the page showed. Raises ``InputRefused``."""
    return read_whole(form, "seen_version")


def read_whole(form: Form, name: str) -> int:
    """A whole number. Raises ``InputRefused``."""
    text = form.get(name, "").strip()
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise InputRefused(detail={name: "not_a_number" if name == "value" else "form"})
    return int(text)


def read_date(form: Form, name: str) -> date:
    """A day. Raises ``InputRefused``."""
    try:
        return date.fromisoformat(form.get(name, ""))
    except ValueError:
        raise InputRefused(detail={name: "not_a_date"}) from None


def read_member(form: Form, name: str) -> UUID:
    """A member of the staff out of a list. Raises ``InputRefused``."""
    try:
        return UUID(form.get(name, ""))
    except ValueError:
        raise InputRefused(detail={name: "choice"}) from None


def read_checks(form: Form, terms: CounterTerms) -> list[MaterialCheck]:
    """What was judged of each material; one without a word was not judged. The words of a fault are those of its corrections."""
    checks = []
    for name in terms.materials:
        judged = form.get(f"check.{name}", "")
        if judged in (OK, WRONG):
            words = "；".join(item.words for item in _list_items(form, name)) if judged == WRONG else ""
            checks.append(MaterialCheck(name, judged == OK, words, form.get(f"seen.{name}") == "yes"))
    return checks


def read_corrections(form: Form, mapping: ServiceMapping, terms: CounterTerms) -> list[CorrectionItem]:
    """Everything that is to be put right: of materials that were judged wrong, and of values. Words are as they were edited."""
    items = [item for name in terms.materials if form.get(f"check.{name}") == WRONG for item in _list_items(form, name)]
    return items + [item for name in mapping.inputs for item in _list_items(form, name)]


def _list_items(form: Form, name: str) -> list[CorrectionItem]:
    chosen = form.getlist(f"item.{name}")
    own = form.get(f"own.{name}", "").strip()
    items = [CorrectionItem(name, code, form.get(f"words.{name}.{code}", "")) for code in chosen]
    return [*items, CorrectionItem(name, OTHER, own)] if own else items


def read_bearer(form: Form) -> Bearer:
    """What whoever takes the certificate shows."""
    return Bearer(form.get("slip", ""), form.get("identity_number", "").strip())


def read_shown(form: Form) -> ApplicantShown:
    """Who stands at the window, as the card says."""
    card = Shown(form.get("card.name", ""), form.get("card.identity_number", ""))
    whose = form.get("whose", "self")
    return ApplicantShown(
        card, form.get("card_seen") == "yes", form.get("phone", ""),
        form.get("credit_code", "") if whose == "organisation" else "",
        form.get("principal_number", "") if whose == "person" else "",
    )  # fmt: skip


def read_brought(form: Form, mapping: ServiceMapping, names: frozenset[str] | None = None) -> Brought:
    """What somebody brings. ``names``: the inputs that are asked for now; an empty one of them is left out. None: the whole form."""
    asked = {name: one for name, one in mapping.inputs.items() if names is None or name in names}
    given = {name: _read_input(form, one) for name, one in asked.items() if is_typed(one)}
    inputs = given if names is None else {name: value for name, value in given.items() if value is not None}
    return Brought(
        {name: value for name, value in inputs.items() if value is not None}, form.getlist("promise"),
        form.getlist("original"), form.getlist("later"),
    )  # fmt: skip


def _read_input(form: Form, asked: Input) -> JsonValue:
    """A field of HTML as the form's reader takes it: a number for ``whole``, a box that is ticked or not for ``flag``."""
    text = form.get(f"input.{asked.name}", "").strip()
    if asked.type == "flag":
        return text == "true"
    if not text:
        return None
    if asked.type == "whole" and text.lstrip("-").isdecimal() and text.isascii() and len(text) < 14:
        return int(text)
    return text


def read_uploads(name: str) -> list[Upload]:
    """The files that came with this form, as the material that its field names (``file.<material>``), or as the one that ``name`` says."""
    found = []
    for field, file in request.files.items(multi=True):
        if file.filename and (field == "file" or field.startswith("file.")):
            found.append(Upload(name or field.removeprefix("file."), file.filename, file.stream.read()))
    return found


def pick_title(texts: Mapping[Language, str]) -> str:
    """Chinese, or nothing."""
    return texts.get(Language.ZH_CN, "")
