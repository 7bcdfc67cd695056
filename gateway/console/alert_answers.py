"""The counter's side of supervision: what the supervision office asks of clerks and heads, and their answer."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, request

from gateway.console.counter_refusals import HANDLED
from gateway.console.desk import current_actor, current_console
from gateway.console.frame import show_page
from gateway.console.registry import room
from gateway.console.supervision import WORDS, name_clock, name_staff
from gateway.console.supervision_words import DONE, say_no
from gateway.console.words import Words
from gateway.errors import explain_error
from services.alert_answers import AnswerDesk, Question
from services.counter_permits import BOTH
from services.errors import NotFound

TITLE: Words = ("督查询问", "Supervision asks")
blueprint = Blueprint("alert_answers", __name__)


def find_answers() -> AnswerDesk:
    """The case manager's side, on the same stores as the counter."""
    counter = current_console().rooms.counter
    return AnswerDesk(counter.desk, counter.house)


@room(blueprint, "/counter/questions", title=TITLE, roles=BOTH, place=17)
def show_questions() -> Response:
    """What waits for one's answer, the longest asked first."""
    return show_list()


def show_list(
    status: int = 200, *, done: Words | None = None, fault: Words | None = None, told: tuple[str, ...] = (), tried: str = ""
) -> Response:  # fmt: skip
    """The page, with what came of an answer; ``tried``: the alert whose answer was refused, with what was typed still in it."""
    questions = find_answers().list_questions(current_actor())
    return show_page(
        "counter_questions.html", status, title=TITLE, questions=questions, done=done, fault=fault, told=told, tried=tried,
        given=request.form if tried else {}, names=name_askers(questions), name_clock=name_clock, **WORDS,
    )  # fmt: skip


def name_askers(questions: list[Question]) -> dict[UUID, str]:
    """Who asked what, and who answered before."""
    every = [one for question in questions for one in question.asked]
    return dict(name_staff({one.asked_by for one in every} | {one.answered_by for one in every}))


@room(
    blueprint, "/counter/questions/<uuid:alert_id>", title=TITLE, roles=BOTH, methods=["POST"], act="alert.answer"
)  # fmt: skip
def answer(alert_id: UUID) -> Response:
    """Answer; then the list again."""
    try:
        find_answers().answer(current_actor(), alert_id, request.form.get("text", ""))
    except NotFound:
        raise
    except HANDLED as refused:
        words, told = say_no(refused)
        return show_list(explain_error(refused)[0], fault=words, told=told, tried=str(alert_id))
    return show_list(done=DONE["answer"])


def list_case_alerts(case_id: UUID) -> dict[str, object]:
    """For the page of a case at the counter: its alerts that are not closed, and what is asked of the reader."""
    alerts, questions = find_answers().list_of_case(current_actor(), case_id)
    return {"alerts": alerts, "questions": questions, "askers": name_askers(questions)}
