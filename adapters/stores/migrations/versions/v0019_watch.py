"""What the watchman knows and may do; the mailboxes of the supervision office, and the mails to it."""

from __future__ import annotations

from adapters.stores.migrations.statements import grant, protect, run

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

MAILS = """
CREATE TABLE supervision_mailboxes (
    agency_id uuid NOT NULL REFERENCES agencies,
    address text NOT NULL CHECK (address ~ '^[!-~]+@[!-~]+$'),
    PRIMARY KEY (agency_id, address)
);
COMMENT ON TABLE supervision_mailboxes IS 'of offices, not of persons; written by import_accounts alone';
CREATE TABLE alert_mail_lines (
    agency_id uuid NOT NULL REFERENCES agencies,
    alert_id uuid NOT NULL,
    rise integer NOT NULL CHECK (rise >= 0),
    told_at timestamptz NOT NULL,
    mail_id uuid,
    PRIMARY KEY (agency_id, alert_id, rise)
);
CREATE INDEX alert_mail_lines_waiting ON alert_mail_lines (agency_id, told_at, alert_id) WHERE mail_id IS NULL;
CREATE INDEX alert_mail_lines_of_mail ON alert_mail_lines (agency_id, mail_id) WHERE mail_id IS NOT NULL;
COMMENT ON COLUMN alert_mail_lines.agency_id IS 'whose supervision office is written to: the one on whose desk the alert lies';
CREATE TABLE alert_mails (
    agency_id uuid NOT NULL REFERENCES agencies,
    mail_id uuid NOT NULL,
    made_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    left_to jsonb NOT NULL,
    tries integer NOT NULL CHECK (tries > 0),
    state text NOT NULL CHECK (state IN ('sending', 'sent', 'refused', 'given_up', 'nobody')),
    PRIMARY KEY (agency_id, mail_id)
);
CREATE INDEX alert_mails_unfinished ON alert_mails (agency_id, due_at) WHERE state = 'sending';
CREATE INDEX alert_mails_by_age ON alert_mails (agency_id, made_at);
CREATE POLICY finished_stays_finished ON alert_mails AS RESTRICTIVE FOR UPDATE USING (state = 'sending') WITH CHECK (true);
CREATE POLICY only_finished_goes ON alert_mails AS RESTRICTIVE FOR DELETE USING (state <> 'sending');
CREATE POLICY only_gathered_goes ON alert_mail_lines AS RESTRICTIVE FOR DELETE USING (mail_id IS NOT NULL);
CREATE POLICY gathered_once ON alert_mail_lines AS RESTRICTIVE FOR UPDATE USING (mail_id IS NULL) WITH CHECK (true);
INSERT INTO job_tasks VALUES ('mail_alert', false);
"""

WATCH = """
CREATE INDEX desk_lines_provisional ON desk_lines (due_on) WHERE provisional AND NOT closed;
CREATE FUNCTION guitai_has_provisional() RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT 1 FROM desk_lines WHERE provisional AND NOT closed);
END;
$$;
COMMENT ON FUNCTION guitai_has_provisional IS 'whether an open case has a deadline beyond the calendar; yes or no, of all agencies together';
GRANT EXECUTE ON FUNCTION guitai_has_provisional() TO guitai_watch, guitai_public, guitai_console;
"""


def upgrade() -> None:
    """Expand. The watchman's role reads the sign of life, the calendars' ends, one yes or no, and to whom it writes; it writes nothing."""
    run(MAILS)
    for table in ("alert_mail_lines", "alert_mails"):
        protect(table)
    run(WATCH)
    grant("supervision_mailboxes", worker="SELECT", watch="SELECT")
    grant("alert_mail_lines", worker="SELECT, INSERT, UPDATE (mail_id), DELETE")
    grant("alert_mails", worker="SELECT, INSERT, UPDATE (due_at, left_to, tries, state), DELETE")
    grant("alert_sweeps", watch="SELECT", public="SELECT")
    grant("agencies", watch="SELECT")
    grant("calendar_versions", watch="SELECT (region, version, published_until)")
