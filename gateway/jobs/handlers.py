"""One job: decode ids, call one use case, and map what went wrong to *again later* or *fail*.

What a platform or a company did not answer is no error here: the use cases plan the question themselves ("ask"). What is left
is our own house: store, ledger, settings. Such a job is planned again through the clock port; if even that cannot be written,
the error goes to Procrastinate, which keeps the job.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from prometheus_client import Counter

from gateway.logging import describe_exception, get_logger
from services.alert_mail import MailRoom, mail_alert
from services.application_record import ApplicationState
from services.case_desk import CaseWorkshop
from services.case_record import CaseState
from services.case_telling import tell_case
from services.case_watch import watch_case
from services.case_work import work_on_case
from services.errors import ConfigurationFault, GuitaiError, NotFound, ServiceUnknown
from services.late_results import fetch_results, poll_application
from services.login_messages import tell_new_login
from services.model import PaymentState
from services.orders import confirm_payment, expire_order
from services.refunds import refund_payment
from services.submissions import settle_application
from services.till import Till, find_cause
from services.write_offs import write_off_payment

UseCase = Callable[[Till, UUID, UUID, str], object]
CaseUseCase = Callable[[CaseWorkshop, UUID, UUID, str], object]

TASKS: Mapping[str, UseCase] = {
    "confirm_payment": confirm_payment,
    "expire_order": expire_order,
    "write_off_payment": write_off_payment,
    "refund_payment": refund_payment,
    "tell_new_login": tell_new_login,
    "submit_application": settle_application,
    "settle_application": settle_application,
    "poll_application": poll_application,
    "fetch_results": fetch_results,
}
"""Every task of payments and applications by its name."""

CASE_TASKS: Mapping[str, CaseUseCase] = {
    "work_on_case": work_on_case,
    "watch_case": watch_case,
    "tell_case": tell_case,
}
"""Every task of cases. With TASKS and MAIL_TASKS these are the names that ``adapters.queue`` and the database know (a test compares them)."""

MAIL_TASKS: Mapping[str, Callable[[MailRoom, UUID, UUID, str], object]] = {"mail_alert": mail_alert}
"""Every task of mail: its subject is the office that is written to."""

OF_APPLICATIONS = frozenset({"submit_application", "settle_application", "poll_application"})
OF_NOTHING_KEPT = frozenset({"tell_new_login", "fetch_results", *MAIL_TASKS})
"""Tasks whose subject (a log-in, a whole service, an office) has no events that name a request."""

SOON_SECONDS = 15
LATER_SECONDS = 300

NEEDS_PEOPLE = frozenset({PaymentState.REFUND_ABNORMAL, PaymentState.WRITE_OFF_UNKNOWN})
"""States that the worker keeps working on and that people should look at meanwhile."""

JOBS = Counter("guitai_jobs_total", "Jobs by task and by what became of them.", ["task", "result"])
PAYMENT_STATES = Counter("guitai_job_payment_states_total", "States in which jobs left payments.", ["task", "state"])
APPLICATION_STATES = Counter(
    "guitai_job_application_states_total", "States in which jobs left applications.", ["task", "state"]
)
CASE_STATES = Counter("guitai_job_case_states_total", "States in which jobs left cases.", ["task", "state"])
_log = get_logger("jobs")


def run_task(
    till: Till, task: str, agency_id: str, subject_id: str, *,
    workshop: CaseWorkshop | None = None, mails: MailRoom | None = None,
) -> None:  # fmt: skip
    """Run one job; ``workshop`` is what jobs of cases need, ``mails`` those of mail. Raises only what kept the job from being planned again."""
    agency, subject, log = UUID(agency_id), UUID(subject_id), _log.bind(task=task, subject=subject_id)
    try:
        request_id = _find_request(till, task, agency, subject)
        log = log.bind(request_id=request_id)
        with till.catalogue.hold():
            result: object
            if task in MAIL_TASKS:
                result = MAIL_TASKS[task](_require_mails(mails), agency, subject, request_id)
            elif task in CASE_TASKS:
                result = CASE_TASKS[task](_require_workshop(workshop), agency, subject, request_id)
            else:
                result = TASKS[task](replace(till, request_id=request_id), agency, subject, request_id)
    except Exception as error:  # noqa: BLE001 - whatever it is, the job must not be lost
        # A mapping that is gone may come back; a payment that does not exist will not.
        if isinstance(error, NotFound) and not isinstance(error, ServiceUnknown):
            JOBS.labels(task, "failed").inc()
            log.warning("the subject of a job does not exist")
            return
        JOBS.labels(task, "again").inc()
        log.warning("a job is put off", **describe_exception(error))
        _put_off(till, task, agency, subject, error)
    else:
        JOBS.labels(task, "done").inc()
        _report(task, result, log)


def _require_workshop(workshop: CaseWorkshop | None) -> CaseWorkshop:
    if workshop is None:
        raise ConfigurationFault("this worker has no workshop for cases")
    return workshop


def _require_mails(mails: MailRoom | None) -> MailRoom:
    if mails is None:
        raise ConfigurationFault("this worker has no room for mail")
    return mails


def _find_request(till: Till, task: str, agency: UUID, subject: UUID) -> str:
    """The id of the request that caused the job, as its subject's events name it; a job without one gets a new id."""
    cause = None
    if task in OF_APPLICATIONS:
        with till.store.begin((agency,)) as tx:
            application = tx.applications.load(subject)
        cause = find_cause(application[1]) if application else None
    elif task in CASE_TASKS:
        with till.store.begin((agency,)) as tx:
            case = tx.cases.load(subject)
        cause = find_cause(case[1]) if case else None
    elif task not in OF_NOTHING_KEPT:
        with till.store.begin((agency,)) as tx:
            payment = tx.payments.load(subject)
        cause = find_cause(payment[1]) if payment else None
    return cause or str(till.new_id())


def _put_off(till: Till, task: str, agency: UUID, subject: UUID, error: Exception) -> None:
    passing = isinstance(error, GuitaiError) and error.retryable
    due_at = till.clock.now() + timedelta(seconds=SOON_SECONDS if passing else LATER_SECONDS)
    try:
        with till.store.begin((agency,)) as tx:
            tx.jobs.schedule(task, agency, subject, due_at)
    except Exception:  # noqa: BLE001 - the first error is the one to tell
        raise error from None


def _report(task: str, result: object, log: Any) -> None:
    if isinstance(result, ApplicationState):
        APPLICATION_STATES.labels(task, str(result)).inc()
        log.info("a job left an application", state=str(result))
        return
    if isinstance(result, CaseState):
        CASE_STATES.labels(task, str(result)).inc()
        log.info("a job left a case", state=str(result))
        return
    if not isinstance(result, PaymentState):
        return
    PAYMENT_STATES.labels(task, str(result)).inc()
    if result in NEEDS_PEOPLE:
        log.warning("a payment needs people", state=str(result))
    else:
        log.info("a job left a payment", state=str(result))
