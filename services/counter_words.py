"""The names of the ledger that the counter itself uses for one case: what its pages show, what they take in, what a message holds.

They depend on what the block ``counter`` says: without materials to upload there is no file, without post no address. A mapping's
exposure budget must hold them on every platform; the check names each that is missing (``services/exposure_rules.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from services.exposure import Direction

UPLOADED = ("B", "C")
"""Levels of materials of which a copy may be uploaded."""
MESSAGE = (
    "app_id",
    "app_credential",
    "protocol",
    "platform_user",
    "message_template",
    "message_text",
    "case_no_tail",
    "message_page",
)
"""What a platform's server gets with a message (``tell_case``): generic words, a page, and of the case the last four characters of its number."""
ANSWER = ("app_credential", "protocol", "unlisted")
"""What it answers: a token for the app before, its codes."""


def list_case_words(counter: Mapping[str, Any]) -> Iterator[tuple[Direction, str, str]]:
    """Direction, word and reason of everything that this block adds to what every case shows and asks for."""
    shown, entered = Direction.SHOWN_IN_CLIENT, Direction.ENTERED_IN_CLIENT
    levels = {entry["level"] for entry in counter.get("materials", {}).values()}
    for word in MESSAGE:
        yield Direction.SENT_TO_SERVER, word, "a message about a case says it"
    for word in ANSWER:
        yield Direction.RECEIVED_FROM_PLATFORM, word, "a platform's answer to a message says it"
    if levels:
        yield shown, "material_title", "the checklist of materials shows it"
    if levels & set(UPLOADED):
        yield entered, "material_file", "a material is uploaded"
    if "D" in levels:
        yield entered, "material_title", "a material is vouched for by name"
    if "organisation" in counter["applicants"]:
        yield shown, "organisation_name", "an organisation may apply"
    if "organisation" in counter["applicants"] or counter.get("mandates"):
        yield shown, "mandate_info", "somebody may act for the applicant"
    if "post" in counter["delivery"]:
        yield entered, "postal_address", "the result may be sent by post"
        yield shown, "postal_address", "the result may be sent by post"
