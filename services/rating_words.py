"""The fixed words of ratings and complaints: levels, tags, how far a complaint is. Chinese first, English second."""

from __future__ import annotations

from collections.abc import Mapping

from services.case_record import ComplaintState
from services.model import Language

Words = tuple[str, str]
LEVEL_WORDS: Mapping[int, Words] = {
    5: ("非常满意", "very satisfied"),
    4: ("满意", "satisfied"),
    3: ("基本满意", "fairly satisfied"),
    2: ("不满意", "dissatisfied"),
    1: ("非常不满意", "very dissatisfied"),
}
TAG_WORDS: Mapping[str, Words] = {
    "fast": ("办得快", "fast"),
    "clear": ("说得清楚", "clear"),
    "polite": ("态度好", "polite"),
    "slow": ("办得慢", "slow"),
    "unclear": ("说不清楚", "unclear"),
    "rude": ("态度差", "rude"),
    "came_again": ("跑了多趟", "had to come again"),
    "asked_too_much": ("多要材料", "asked for too much"),
    "charged_too_much": ("乱收费", "charged too much"),
}
KIND_WORDS: Mapping[str, Words] = {
    "complaint": ("投诉", "complaint"),
    "bad_rating": ("差评回访", "follow-up of a bad rating"),
}
STATE_WORDS: Mapping[ComplaintState, Words] = {
    ComplaintState.OPEN: ("已收到，待办理", "received"),
    ComplaintState.IN_HAND: ("正在核实办理", "being looked into"),
    ComplaintState.ANSWERED: ("已答复", "answered"),
    ComplaintState.DISMISSED: ("经核实，不予认定", "found not to hold"),
}


def say_complaint(state: ComplaintState, language: Language) -> str:
    """How far a complaint is, in one language."""
    chinese, english = STATE_WORDS[state]
    return english.capitalize() if language is Language.EN else chinese
