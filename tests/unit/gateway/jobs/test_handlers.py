"""What a job does when its own house is in trouble."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from adapters.queue import TASKS as QUEUE_TASKS
from gateway.jobs.handlers import (
    CASE_STATES,
    CASE_TASKS,
    JOBS,
    LATER_SECONDS,
    MAIL_TASKS,
    SOON_SECONDS,
    TASKS,
    run_task,
)
from services.application_events import name_service
from services.application_record import ApplicationState
from services.errors import ConfigurationFault, ExposureUnavailable, ServiceUnknown, StoreUnavailable
from services.model import PaymentState
from services.notices import accept_notice
from services.till import find_cause
from tests.fake_applicants import Counter as Applicants
from tests.fake_city import City, W
from tests.fake_counter import Counter


@pytest.fixture
def city() -> City:
    made = City()
    made.add_bill()
    return made


@pytest.fixture
def paid(city: City) -> tuple[UUID, UUID]:
    """Agency and payment of a payment whose money arrived."""
    payment_id = city.pay(city.add_citizen()).payment_id
    city.platforms[W].pay(city.order_no(payment_id))
    city.deliver()
    return city.file(payment_id).payment.agency_id, payment_id


def count(task: str, result: str) -> float:
    return float(JOBS.labels(task, result)._value.get())


def test_the_tasks_are_those_of_the_queue() -> None:
    """Handlers, queue and database know the same names."""
    assert set(TASKS) | set(CASE_TASKS) | set(MAIL_TASKS) == QUEUE_TASKS


def test_a_job_of_an_application_goes_on_under_its_request() -> None:
    """The request that applied is the cause of what the worker does; a task of a whole service has an id of its own."""
    counter = Counter("file")
    counter.office.script.plan("submit", "timeout_after")
    counter.apply()
    agency, application = counter.directory.all_agencies()[0], counter.file.application.application_id
    run_task(counter.till, "settle_application", str(agency), str(application))
    assert counter.file.state is ApplicationState.ACCEPTED
    assert find_cause(counter.file.events) == counter.wang.request_id
    run_task(counter.till, "fetch_results", str(agency), str(name_service(counter.mapping.id)))
    assert counter.office.count("list_results") == 8


def test_a_job_of_a_case_goes_on_under_its_request() -> None:
    """The hand-in is the cause of what the house does with the case; the job is counted with the state that it left."""
    counter = Applicants()
    case_id = counter.open()
    before = count("work_on_case", "done")
    run_task(counter.till, "work_on_case", str(counter.agency), str(case_id), workshop=counter.workshop)
    file = counter.file(case_id)
    assert file.last("material_fetched") is not None
    assert {event.data["request_id"] for event in file.events} == {counter.wang.request_id}
    assert count("work_on_case", "done") == before + 1
    assert CASE_STATES.labels("work_on_case", "received")._value.get() >= 1
    run_task(counter.till, "watch_case", str(counter.agency), str(case_id), workshop=counter.workshop)
    run_task(counter.till, "tell_case", str(counter.agency), str(case_id), workshop=counter.workshop)


def test_a_job_of_a_case_without_a_workshop_is_put_off() -> None:
    """A worker that cannot print or tell loses nothing: the job waits for one that can."""
    counter = Applicants()
    case_id = counter.open()
    counter.house.tables.due.clear()
    run_task(counter.till, "work_on_case", str(counter.agency), str(case_id))
    due = counter.house.tables.due["work_on_case", counter.agency, case_id]
    assert due == counter.clock.now() + timedelta(seconds=LATER_SECONDS)


def test_a_job_of_a_case_that_is_not_there_ends() -> None:
    """It is counted as failed and not tried again."""
    counter, before = Applicants(), count("watch_case", "failed")
    run_task(counter.till, "watch_case", str(counter.agency), str(uuid4()), workshop=counter.workshop)
    assert count("watch_case", "failed") == before + 1


def test_a_job_of_an_application_whose_version_is_gone_is_put_off() -> None:
    """A version may come back; the application is not lost."""
    counter = Counter("polled")
    counter.apply()
    del counter.catalogue.services["pet-licence"]  # type: ignore[attr-defined]  # the fake's own table
    agency, application = counter.directory.all_agencies()[0], counter.file.application.application_id
    counter.store.tables.due.clear()
    run_task(counter.till, "poll_application", str(agency), str(application))
    assert ("poll_application", agency, application) in counter.store.tables.due


def test_a_job_runs_its_use_case(city: City, paid: tuple[UUID, UUID]) -> None:
    """A job decodes its ids, calls one use case and is counted."""
    before = count("write_off_payment", "done")
    run_task(city.till, "write_off_payment", *map(str, paid))
    assert city.state(paid[1]) is PaymentState.WRITTEN_OFF
    assert count("write_off_payment", "done") == before + 1


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (ExposureUnavailable(), SOON_SECONDS),
        (ConfigurationFault("gone"), LATER_SECONDS),
        (ServiceUnknown("the mapping was withdrawn"), LATER_SECONDS),
        (KeyError("x"), LATER_SECONDS),
    ],
)
def test_a_job_that_fails_is_planned_again(
    city: City, paid: tuple[UUID, UUID], error: Exception, seconds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever goes wrong in our own house, the job is written down for later: soon if it passes by itself."""

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("gateway.jobs.handlers.TASKS", {"write_off_payment": fail})
    run_task(city.till, "write_off_payment", *map(str, paid))
    due = city.store.tables.due["write_off_payment", paid[0], paid[1]]
    assert due == city.clock.now() + timedelta(seconds=seconds)


def test_a_job_that_cannot_be_planned_again_stays_with_the_queue(city: City, paid: tuple[UUID, UUID]) -> None:
    """When the store is down even the plan fails, so the error goes to the queue, which keeps the job."""
    city.store.down = True
    with pytest.raises(StoreUnavailable):
        run_task(city.till, "write_off_payment", *map(str, paid))


def test_a_job_without_a_subject_ends(city: City, paid: tuple[UUID, UUID]) -> None:
    """A payment that does not exist is counted as failed and not tried again."""
    before = count("refund_payment", "failed")
    run_task(city.till, "refund_payment", str(paid[0]), str(uuid4()))
    assert count("refund_payment", "failed") == before + 1


def test_a_job_goes_on_under_the_request_that_caused_it(city: City) -> None:
    """Order, notice, write-off: events and calls carry the id of the request to which they go back; a job without one has a new id."""
    wang = city.add_citizen()
    payment_id = city.pay(wang).payment_id
    assert find_cause(city.file(payment_id).events) == wang.callers[W].request_id
    city.platforms[W].pay(city.order_no(payment_id))
    notice = str(uuid4())
    accept_notice(replace(city.till, request_id=notice), city.platforms[W].outbox.pop())
    city.gas.pay_at_hall("G-1")
    agency = str(city.file(payment_id).payment.agency_id)
    run_task(city.till, "write_off_payment", agency, str(payment_id))
    run_task(city.till, "refund_payment", agency, str(payment_id))
    assert city.state(payment_id) is PaymentState.REFUNDED
    caused = [event.data["request_id"] for event in city.file(payment_id).events]
    assert caused == [wang.callers[W].request_id] * 2 + [notice] * (len(caused) - 2)
    assert [told.request_id for operation, told in city.platforms[W].told if operation == "request_refund"] == [notice]
