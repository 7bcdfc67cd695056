"""The worker: runs jobs in threads, turns work that is due by the clock port into jobs, puts back what a dead worker left.

It may be killed at any point. A job leaves the queue only when it ended; one whose worker gave no sign of life for some seconds
runs again, here or elsewhere, and every job finds out first what already happened.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from procrastinate import App
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status
from procrastinate.retry import BaseRetryStrategy, RetryDecision

from adapters.queue import QUEUE
from gateway.jobs.alert_duty import sweep_on_duty
from gateway.jobs.handlers import CASE_TASKS, MAIL_TASKS, TASKS, run_task
from gateway.jobs.month_duty import close_on_duty
from gateway.jobs.pattern_duty import show_on_duty
from gateway.jobs.rights_duty import RightsDuty, close_accounts_on_duty, retain_on_duty
from gateway.logging import describe_exception, get_logger
from services.alert_mail import MailRoom
from services.alert_sweep import SweepDesk
from services.case_desk import CaseWorkshop
from services.consents import ConsentDesk, keep_texts
from services.ports import DueWork
from services.rating_sums import tally_ratings
from services.statistics import StatisticsDesk
from services.till import Till, business_day

THREADS = 4
SWEEP_SECONDS = 0.5
STALLED_SECONDS = 5.0
"""A worker without a heartbeat for this long is dead; heartbeats come every second."""

MONTHS_SECONDS = 3600.0
KEPT_DAYS = 30
"""How long claims of notices and idempotency keys are kept (docs/store.md)."""

TALLY_SECONDS = 60.0
"""How often the worker looks whether a day is over whose ratings are to be counted, and counts what platforms saw."""

TEXTS_SECONDS = 60.0
"""How often the worker looks whether a text of a purpose is new."""

ACCOUNTS_SECONDS = 5.0
"""How often the worker goes on with accounts that are to be closed."""

RETENTION_SECONDS = 24 * 3600.0
"""How often it takes away what is over its time."""

CLOSING_SECONDS = 300.0
"""How often the worker looks whether a month is over; nothing is counted where none is."""

TIDY_SECONDS = 3600.0
TIDY_LIMIT = 500
FILES_SECONDS = 24 * 3600.0
"""How often the file store is looked through for what no row names."""

PAUSE_SECONDS = 1.0
SWEEP_LIMIT = 100
_log = get_logger("worker")


@dataclass(frozen=True, slots=True)
class WorkDesk:
    """What the worker is made of. ``make_queue_app`` gives a new Procrastinate app on the worker's role; ``workshop`` is for cases, ``mails`` for mail to the supervision office.

    ``draft_days``: how long a draft that nobody touches is kept. ``sweep_files`` removes bytes that no row names; says how many files.
    """

    till: Till
    due_work: DueWork
    make_queue_app: Callable[[], App]
    threads: int = THREADS
    workshop: CaseWorkshop | None = None
    draft_days: int = 90
    sweep_files: Callable[[], int] = lambda: 0
    mails: MailRoom | None = None
    alerts: SweepDesk | None = None
    alert_seconds: float = 60.0
    statistics: StatisticsDesk | None = None
    consents: ConsentDesk | None = None
    rights: RightsDuty | None = None


class RetryInFiveSeconds(BaseRetryStrategy):
    """For a job that could not even be planned again: by the database's clock, without end."""

    def get_retry_decision(self, *, exception: BaseException, job: object) -> RetryDecision:  # noqa: ARG002 - its signature
        """Keep it."""
        return RetryDecision(retry_in={"seconds": 5})


def run_worker(desk: WorkDesk, stop: threading.Event) -> None:
    """Work until ``stop`` is set. A lost database, or an accident in the queue itself, starts the worker anew."""
    while not stop.is_set():
        try:
            asyncio.run(_work(desk, stop))
        except Exception as error:  # noqa: BLE001 - a worker that gives up is worse than any error
            _log.warning("the worker starts anew", **describe_exception(error))
            stop.wait(PAUSE_SECONDS)


def register_tasks(app: App, desk: WorkDesk) -> None:
    """Every task under its name. Sync functions: Procrastinate runs them in threads."""
    for name in (*TASKS, *CASE_TASKS, *MAIL_TASKS):
        app.task(name=name, queue=QUEUE, retry=RetryInFiveSeconds())(_make_task(desk, name))


def _make_task(desk: WorkDesk, name: str) -> Callable[..., None]:
    def run(agency_id: str, subject_id: str) -> None:
        run_task(desk.till, name, agency_id, subject_id, workshop=desk.workshop, mails=desk.mails)

    return run


async def _work(desk: WorkDesk, stop: threading.Event) -> None:
    app = desk.make_queue_app()
    register_tasks(app, desk)
    broken = asyncio.Event()
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: broken.set())
    async with app.open_async():
        await put_back_stalled(app)
        duties = [
            asyncio.create_task(duty)
            for duty in (
                _run_jobs(app, desk.threads),
                _repeat(SWEEP_SECONDS, lambda: sweep(desk)),
                _repeat(MONTHS_SECONDS, lambda: _in_thread(desk.due_work.extend_months)),
                _repeat(TALLY_SECONDS, lambda: tally_up(desk)),
                _repeat(TEXTS_SECONDS, lambda: keep_purposes(desk)),
                _repeat(ACCOUNTS_SECONDS, lambda: close_accounts(desk)),
                _repeat(RETENTION_SECONDS, lambda: end_what_is_over(desk)),
                _repeat(TIDY_SECONDS, lambda: tidy_up(desk)),
                _repeat(CLOSING_SECONDS, lambda: close_months(desk)),
                _repeat(FILES_SECONDS, lambda: sweep_files(desk)),
                _repeat(desk.alert_seconds, lambda: tell_due(desk)),
                _repeat(STALLED_SECONDS / 2, lambda: put_back_stalled(app)),
                _wait_for(stop, broken),
            )
        ]
        try:
            done, _ = await asyncio.wait(duties, return_when=asyncio.FIRST_COMPLETED)
            for duty in done:
                duty.result()
        finally:
            for duty in duties:
                duty.cancel()
            await asyncio.gather(*duties, return_exceptions=True)


async def _run_jobs(app: App, threads: int) -> None:
    await app.run_worker_async(
        queues=[QUEUE],
        concurrency=threads,
        install_signal_handlers=False,
        fetch_job_polling_interval=1.0,
        update_heartbeat_interval=1.0,
        stalled_worker_timeout=STALLED_SECONDS,
        shutdown_graceful_timeout=10.0,
        delete_jobs="successful",
    )


async def sweep(desk: WorkDesk) -> None:
    """Turn everything that is due by the clock port into jobs."""
    moved = SWEEP_LIMIT
    while moved == SWEEP_LIMIT:
        moved = await asyncio.to_thread(desk.due_work.move_due, desk.till.clock.now(), SWEEP_LIMIT)


async def tally_up(desk: WorkDesk) -> None:
    """Count the ratings of days that are over, and what platforms saw till a minute ago, find who a breach affects. If it fails, it is tried next time."""
    today = business_day(desk.till.clock.now())
    agencies = await asyncio.to_thread(desk.till.directory.all_agencies)
    try:
        await asyncio.to_thread(tally_ratings, desk.till.store.begin, agencies, today)
    except Exception as error:  # noqa: BLE001 - sums must not stop payments
        _log.warning("ratings were not counted", **describe_exception(error))
    try:
        while await asyncio.to_thread(desk.due_work.tally_exposures):
            pass
    except Exception as error:  # noqa: BLE001 - nor must these
        _log.warning("what platforms saw was not counted", **describe_exception(error))
    try:
        while await asyncio.to_thread(desk.due_work.look_into_breaches):
            pass
    except Exception as error:  # noqa: BLE001 - nor may this
        _log.warning("who is affected by a breach was not found", **describe_exception(error))


async def keep_purposes(desk: WorkDesk) -> None:
    """Keep the texts of purposes that came into force, and ask those again who agreed to another. If it fails, it is tried next time."""
    if desk.consents is None:
        return
    try:
        asked = await asyncio.to_thread(keep_texts, desk.consents)
    except Exception as error:  # noqa: BLE001 - without it nothing more is seen by anybody, and payments go on
        _log.warning("texts of purposes were not kept", **describe_exception(error))
        return
    if asked:
        _log.info("consents are asked for again", count=asked)


async def close_accounts(desk: WorkDesk) -> None:
    """Go on with accounts that are to be closed."""
    if desk.rights is not None:
        await close_accounts_on_duty(desk.rights)


async def end_what_is_over(desk: WorkDesk) -> None:
    """Take away what is over its time, by the table of classes."""
    if desk.rights is not None:
        await retain_on_duty(desk.rights)


async def tidy_up(desk: WorkDesk) -> None:
    """Forget what may go by the clock port: what was finished long ago, and drafts that nobody touches."""
    now = desk.till.clock.now()
    await _forget(desk.due_work.forget_finished, now - timedelta(days=KEPT_DAYS))
    await _forget(desk.due_work.forget_drafts, now - timedelta(days=desk.draft_days))


async def _forget(forget: Callable[[datetime, int], int], until: datetime) -> None:
    """Batch after batch. If it fails, the jobs go on and it is tried next time."""
    gone, batch = 0, TIDY_LIMIT
    try:
        while batch >= TIDY_LIMIT:
            batch = await asyncio.to_thread(forget, until, TIDY_LIMIT)
            gone += batch
    except Exception as error:  # noqa: BLE001 - housekeeping must not stop payments
        _log.warning("what may go was not forgotten", **describe_exception(error))
    if gone:
        _log.info("what may go was forgotten", count=gone)


async def close_months(desk: WorkDesk) -> None:
    """Close the months that are over by the clock port; then what patterns they show is shown."""
    if desk.statistics is not None:
        await close_on_duty(desk.statistics)
        await show_on_duty(desk.statistics, desk.till.new_id)


async def tell_due(desk: WorkDesk) -> None:
    """Tell the supervision office what is due by the clock port."""
    if desk.alerts is not None:
        await sweep_on_duty(desk.alerts, desk.workshop)


async def sweep_files(desk: WorkDesk) -> None:
    """Remove the bytes of files that no row names any more: those of drafts that were forgotten. As above, if it fails."""
    try:
        gone = await asyncio.to_thread(desk.sweep_files)
    except Exception as error:  # noqa: BLE001 - housekeeping must not stop payments
        _log.warning("files that nobody needs were not removed", **describe_exception(error))
        return
    if gone:
        _log.info("files that nobody needs were removed", count=gone)


async def put_back_stalled(app: App) -> int:
    """Put the jobs of dead workers back into the queue; one whose like is waiting there already is done with."""
    stalled = list(await app.job_manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=STALLED_SECONDS))
    for job in stalled:
        try:
            await app.job_manager.retry_job(job)
        except ConnectorException:
            if job.id is not None:
                await app.job_manager.finish_job_by_id_async(job.id, Status.ABORTED, delete_job=True)
    if stalled:
        _log.warning("jobs of a dead worker were put back", count=len(stalled))
    return len(stalled)


async def _repeat(seconds: float, act: Callable[[], Coroutine[Any, Any, object]]) -> None:
    while True:
        started = time.monotonic()
        await act()
        await asyncio.sleep(max(0.0, seconds - (time.monotonic() - started)))


async def _in_thread(act: Callable[[], object]) -> None:
    await asyncio.to_thread(act)


async def _wait_for(stop: threading.Event, broken: asyncio.Event) -> None:
    """Until the worker is to stop, or a job's end could not be written: its lock would be held as long as this worker lives."""
    while not stop.is_set():
        try:
            await asyncio.wait_for(broken.wait(), timeout=0.2)
        except TimeoutError:
            continue
        raise RuntimeError("the end of a job could not be written")
