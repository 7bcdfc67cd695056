"""The names of the ledger that the counter itself uses when it shows a service of a kind, or takes in what belongs to it.

A mapping's exposure budget must hold them on every platform beside its own: the names of inputs (those that a person types:
``entered_in_client``; those shown prefilled: ``shown_in_client``) and the words of outputs (``shown_in_client``).
"""

from __future__ import annotations

from collections.abc import Mapping

from services.mapping import Input, Output

FORM = frozenset({"service_info", "form_info", "assurance", "error"})
"""What every service shows: its description, its form, the level that it needs, and errors."""
SHOWN: Mapping[str, frozenset[str]] = {
    "bill": FORM | {"payee"},
    "application": FORM | {"reference", "application_no", "application_state", "application_message", "counters"},
    "case": FORM
    | {
        "reference",
        "counters",
        "case_no",
        "case_state",
        "case_timeline",
        "deadline",
        "notice_text",
        "document_info",
        "slip",
        "delivery_choice",
        "rating_level",
        "rating_words",
        "complaint_words",
    },
    "lookup": FORM | {"current_at"},
    "information": FORM | {"current_at"},
}
"""Beside these a bill shows what ``gateway/schemas`` names for households and payments, a case what ``services/counter_words.py`` says."""
ENTERED: Mapping[str, frozenset[str]] = {
    "bill": frozenset({"household_no", "service_choice", "reference", "amount"}),
    "application": frozenset({"service_choice"}),
    "case": frozenset(
        {"service_choice", "reference", "delivery_choice", "rating_level", "rating_words", "complaint_words"}
    ),
    "lookup": frozenset({"service_choice"}),
    "information": frozenset(),
}
PURPOSES: Mapping[str, frozenset[str]] = {
    "bill": frozenset({"see_service"}),
    "application": frozenset({"see_service", "submit_application", "follow_application"}),
    "case": frozenset({"see_service", "save_draft", "submit_case", "follow_case", "tell_case", "rate"}),
    "lookup": frozenset({"see_service", "look_up"}),
    "information": frozenset({"see_service", "read_information"}),
}
ACCOUNT = "account."
MASKS_OF_ACCOUNT = {"phone": "phone", "real_name": "name", "identity_number": "identity"}
"""How what comes from the account is shown where a mapping states no mask."""


def is_typed(asked: Input) -> bool:
    """Whether a person may type this input: what is prefilled and not editable is filled in by the gateway."""
    return not asked.prefilled_from or asked.editable


def list_words(outputs: Mapping[str, Output]) -> frozenset[str]:
    """The words that outputs count as, those of columns included."""
    return frozenset(word for output in outputs.values() for word in (output.word, *list_words(output.of)))
