"""Durable work: jobs in Procrastinate's tables, and work that is due later by our own clock.

A job is enqueued in the transaction of the fact that causes it, through one SECURITY DEFINER function: the public role has no
rights on the queue's tables, and only the tasks listed in ``job_tasks`` exist. Arguments are ids only: ``agency_id`` and
``subject_id``, as text. Procrastinate runs what is due by the database's clock, so what is due *later* waits in ``due_work``
until the sweeper turns it into a job by the clock port.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from procrastinate import App, PsycopgConnector
from sqlalchemy import Connection, text

QUEUE = "default"
TASKS = frozenset({
    "confirm_payment", "expire_order", "write_off_payment", "refund_payment", "tell_new_login",
    "submit_application", "settle_application", "poll_application", "fetch_results",
    "work_on_case", "watch_case", "tell_case", "mail_alert",
})  # fmt: skip
_ENQUEUE = text("SELECT guitai_enqueue(:task, :agency_id, :subject_id)")
_SCHEDULE = text(
    "INSERT INTO due_work (agency_id, task, subject_id, due_at) VALUES (:agency_id, :task, :subject_id, :due_at)"
    " ON CONFLICT (agency_id, task, subject_id) DO UPDATE SET due_at = excluded.due_at"
)
_MOVE_DUE = text(
    "WITH due AS (DELETE FROM due_work WHERE (agency_id, task, subject_id) IN ("
    "   SELECT agency_id, task, subject_id FROM due_work WHERE due_at <= :at ORDER BY due_at LIMIT :most"
    "   FOR UPDATE SKIP LOCKED) RETURNING agency_id, task, subject_id)"
    " SELECT count(guitai_enqueue(task, agency_id, subject_id)::text) FROM due"
)


class SqlJobQueue:
    """``ports.JobQueue`` within one transaction of the business store."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def enqueue(self, task: str, agency_id: UUID, subject: UUID) -> None:
        """See the port. Raises ``ValueError`` for a task that does not exist."""
        _require_task(task)
        self._connection.execute(_ENQUEUE, {"task": task, "agency_id": agency_id, "subject_id": subject})

    def schedule(self, task: str, agency_id: UUID, subject: UUID, due_at: datetime) -> None:
        """See the port: the latest schedule counts. Raises ``ValueError`` for a task that does not exist."""
        _require_task(task)
        row = {"task": task, "agency_id": agency_id, "subject_id": subject, "due_at": due_at}
        self._connection.execute(_SCHEDULE, row)

    def move_due(self, at: datetime, limit: int) -> int:
        """Turn up to ``limit`` pieces of work that are due at ``at`` into jobs, in one step; two sweepers never take the same."""
        return int(self._connection.execute(_MOVE_DUE, {"at": at, "most": limit}).scalar() or 0)


def make_queue_app(worker_url: str) -> App:
    """Procrastinate's application for the worker process, on the role ``worker``. Tasks are registered by their names."""
    return App(connector=PsycopgConnector(conninfo=worker_url))


def _require_task(task: str) -> None:
    if task not in TASKS:
        raise ValueError("no such task")
