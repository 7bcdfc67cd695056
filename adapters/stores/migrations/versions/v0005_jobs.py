"""Jobs: Procrastinate's schema, what is due later, and the only way in which a role without rights on it can enqueue."""

from __future__ import annotations

from procrastinate.schema import SchemaManager

from adapters.stores.migrations.statements import grant, protect, run

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

DUE_WORK = """
CREATE TABLE due_work (
    agency_id uuid NOT NULL REFERENCES agencies,
    task text NOT NULL,
    subject_id uuid NOT NULL,
    due_at timestamptz NOT NULL,
    PRIMARY KEY (agency_id, task, subject_id)
);
CREATE INDEX due_work_due ON due_work (due_at);
CREATE TABLE job_tasks (task text PRIMARY KEY);
INSERT INTO job_tasks VALUES
    ('confirm_payment'), ('expire_order'), ('write_off_payment'), ('refund_payment'), ('tell_new_login');
"""

ENQUEUE = """
CREATE FUNCTION guitai_enqueue(task text, agency uuid, subject uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM job_tasks WHERE job_tasks.task = guitai_enqueue.task) THEN
        RAISE EXCEPTION 'no such task';
    END IF;
    IF (agency = ANY (guitai_agencies())) IS NOT TRUE THEN
        RAISE EXCEPTION 'this transaction does not act for that agency';
    END IF;
    PERFORM procrastinate_defer_jobs_v1(ARRAY[ROW(
        'default', task, 0, subject::text, task || ':' || subject::text,
        jsonb_build_object('agency_id', agency, 'subject_id', subject), NULL
    )::procrastinate_job_to_defer_v1]);
EXCEPTION WHEN unique_violation THEN
    NULL;
END;
$$;
REVOKE ALL ON FUNCTION guitai_enqueue(text, uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION guitai_enqueue(text, uuid, uuid) TO guitai_public, guitai_console, guitai_worker;
"""

WORKER = """
GRANT SELECT, INSERT, UPDATE, DELETE ON
    procrastinate_jobs, procrastinate_events, procrastinate_workers, procrastinate_periodic_defers TO guitai_worker;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO guitai_worker;
"""


def upgrade() -> None:
    """Expand."""
    run(SchemaManager.get_schema())
    run(DUE_WORK)
    run(ENQUEUE)
    run(WORKER)
    protect("due_work")
    grant("due_work", public="SELECT, INSERT, UPDATE", worker="SELECT, INSERT, UPDATE, DELETE", console="SELECT")
