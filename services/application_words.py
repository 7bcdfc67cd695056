"""The fixed sentence for each state of an application: what happened, what comes next, and nothing that names anybody."""

from __future__ import annotations

from services.application_record import ApplicationState
from services.model import Language

_ZH, _EN = Language.ZH_CN, Language.EN

STATE_WORDS: dict[ApplicationState, dict[Language, str]] = {
    ApplicationState.INTENDED: {
        _ZH: "申请已登记，正在送达受理单位，请勿重复提交。",
        _EN: "Your application is registered and on its way to the office; do not submit it again.",
    },
    ApplicationState.SUBMITTING: {
        _ZH: "申请已登记，正在送达受理单位，请勿重复提交。",
        _EN: "Your application is registered and on its way to the office; do not submit it again.",
    },
    ApplicationState.SUBMISSION_UNKNOWN: {
        _ZH: "申请已登记，受理单位尚未答复是否收到，系统正在核实，请勿重复提交。",
        _EN: "Your application is registered. The office has not said yet whether it has it; we are asking. Do not submit it again.",
    },
    ApplicationState.DECLINED: {
        _ZH: "受理单位未接收本次申请。",
        _EN: "The office did not take this application.",
    },
    ApplicationState.PENDING: {
        _ZH: "受理单位已收到申请，正在审核是否受理。",
        _EN: "The office has received your application and is looking at whether it can be accepted.",
    },
    ApplicationState.ACCEPTED: {
        _ZH: "申请已受理，结果将在此更新。",
        _EN: "Your application is accepted; the result will appear here.",
    },
    ApplicationState.GRANTED: {
        _ZH: "办结：准予。",
        _EN: "Decided: granted.",
    },
    ApplicationState.REFUSED: {
        _ZH: "办结：不予。如有异议，可依法申请行政复议或者提起行政诉讼。",
        _EN: "Decided: refused. You may ask for administrative reconsideration or go to court as the law provides.",
    },
}
"""A refusal names the way to appeal (行政许可法 art. 38 [K])."""

NO_ANSWER = "no_answer"
_NO_ANSWER = {
    _ZH: "申请长时间未能送达受理单位，未被接收，请重新提交。",
    _EN: "Your application could not be brought to the office in time and was not taken; please submit it again.",
}


def say_state(state: ApplicationState, reason: str | None, sentence: str, language: Language) -> str:
    """The sentence for a state. ``sentence`` is the fixed one for a back end's no (``services/wording.py``), told when it declined."""
    words = STATE_WORDS[state][language]
    if state is not ApplicationState.DECLINED or not reason:
        return words
    why = _NO_ANSWER[language] if reason == NO_ANSWER else sentence
    return words + why if language is _ZH else f"{words} {why}"
