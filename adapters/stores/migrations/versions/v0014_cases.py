"""Cases, their events, numbers and desk lines; drafts and files; who may act for whom; ratings, complaints, notices, revoked slips."""

from __future__ import annotations

from adapters.stores.migrations.file_policies import FILE_POLICIES
from adapters.stores.migrations.statements import grant, partition_by_month, protect, run

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

CASES = """
CREATE TABLE cases (
    agency_id uuid NOT NULL REFERENCES agencies,
    case_id uuid NOT NULL,
    service text NOT NULL,
    mapping_version integer NOT NULL,
    case_no text NOT NULL UNIQUE,
    channel text NOT NULL,
    app text NOT NULL,
    person_id uuid,
    login_id uuid,
    organisation_id uuid,
    mandate_id uuid,
    opened_by uuid,
    delivery text NOT NULL,
    received_at timestamptz NOT NULL,
    received_on date NOT NULL,
    business_on date NOT NULL,
    name_hash bytea NOT NULL,
    number_hash bytea NOT NULL,
    applicant_cipher bytea NOT NULL,
    agent_cipher bytea,
    inputs_cipher bytea NOT NULL,
    chain_cipher bytea,
    principal_chain_cipher bytea,
    PRIMARY KEY (agency_id, case_id)
);
CREATE INDEX cases_of_person ON cases (agency_id, person_id, case_id) WHERE person_id IS NOT NULL;
CREATE INDEX cases_of_organisation ON cases (agency_id, organisation_id, case_id) WHERE organisation_id IS NOT NULL;
CREATE INDEX cases_of_mandate ON cases (agency_id, mandate_id, case_id) WHERE mandate_id IS NOT NULL;
CREATE INDEX cases_of_number ON cases (agency_id, number_hash, case_id);
COMMENT ON COLUMN cases.name_hash IS 'keyed hash of the applicant''s name; number_hash of the identity number or credit code';
COMMENT ON COLUMN cases.chain_cipher IS 'erasable, as principal_chain_cipher: the link to the chain ids of who acts and of whose matter it is';
CREATE TABLE case_events (
    agency_id uuid NOT NULL,
    case_id uuid NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    name text NOT NULL,
    state text NOT NULL,
    hand text NOT NULL,
    at timestamptz NOT NULL,
    staff_id uuid,
    data_cipher bytea NOT NULL,
    PRIMARY KEY (agency_id, case_id, version),
    FOREIGN KEY (agency_id, case_id) REFERENCES cases
) PARTITION BY RANGE (case_id);
COMMENT ON TABLE case_events IS 'a case''s events all lie in the month in which its draft was made, so its key needs no month';
INSERT INTO monthly_tables VALUES ('case_events', 'case_id');
"""

NUMBERS = """
CREATE TABLE case_counters (
    agency_id uuid NOT NULL REFERENCES agencies,
    period text NOT NULL,
    number bigint NOT NULL,
    PRIMARY KEY (agency_id, period)
);
CREATE FUNCTION guitai_count_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.number <> coalesce(OLD.number, 0) + 1 THEN
        RAISE EXCEPTION 'case numbers are counted one by one';
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER case_counters_count_on BEFORE INSERT OR UPDATE ON case_counters
    FOR EACH ROW EXECUTE FUNCTION guitai_count_on();
"""

LINES = """
CREATE TABLE desk_lines (
    agency_id uuid NOT NULL REFERENCES agencies,
    case_id uuid NOT NULL,
    lead_agency_id uuid NOT NULL,
    service text NOT NULL,
    case_no text NOT NULL,
    state text NOT NULL,
    version integer NOT NULL,
    waits_for text NOT NULL,
    step integer NOT NULL,
    due_on date,
    urgent_on date NOT NULL,
    due_clock text NOT NULL,
    provisional boolean NOT NULL,
    claimed_by uuid,
    received_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    closed boolean NOT NULL,
    name_hash bytea NOT NULL,
    number_hash bytea NOT NULL,
    PRIMARY KEY (agency_id, case_id),
    FOREIGN KEY (lead_agency_id, case_id) REFERENCES cases
);
CREATE INDEX desk_lines_by_urgency ON desk_lines (agency_id, closed, urgent_on, received_at, case_id);
CREATE INDEX desk_lines_in_hand ON desk_lines (agency_id, claimed_by, urgent_on, received_at, case_id)
    WHERE claimed_by IS NOT NULL AND NOT closed;
CREATE INDEX desk_lines_open ON desk_lines (case_id) WHERE NOT closed AND agency_id = lead_agency_id;
CREATE INDEX desk_lines_of_name ON desk_lines (agency_id, name_hash);
CREATE INDEX desk_lines_of_number ON desk_lines (agency_id, number_hash);
COMMENT ON COLUMN desk_lines.urgent_on IS 'due_on, or the last day of all where no clock runs: what the queue is sorted by';
"""

DRAFTS = """
CREATE TABLE case_drafts (
    agency_id uuid NOT NULL REFERENCES agencies,
    draft_id uuid NOT NULL,
    person_id uuid NOT NULL,
    login_id uuid NOT NULL,
    service text NOT NULL,
    mapping_version integer NOT NULL,
    channel text NOT NULL,
    content_cipher bytea NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    submitted_at timestamptz,
    PRIMARY KEY (agency_id, draft_id)
);
CREATE INDEX case_drafts_of_person ON case_drafts (agency_id, person_id, draft_id) WHERE submitted_at IS NULL;
CREATE INDEX case_drafts_by_age ON case_drafts (updated_at) WHERE submitted_at IS NULL;
CREATE TABLE stored_files (
    agency_id uuid NOT NULL REFERENCES agencies,
    file_id uuid NOT NULL,
    owner uuid NOT NULL,
    material text NOT NULL,
    digest text NOT NULL,
    media_type text NOT NULL,
    size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
    title_cipher bytea NOT NULL,
    uploaded_at timestamptz NOT NULL,
    uploaded_by text NOT NULL,
    PRIMARY KEY (agency_id, file_id)
);
CREATE INDEX stored_files_of_owner ON stored_files (agency_id, owner, file_id);
CREATE INDEX stored_files_of_content ON stored_files (agency_id, digest);
"""

MANDATES = """
CREATE TABLE organisations (
    agency_id uuid NOT NULL REFERENCES agencies,
    organisation_id uuid NOT NULL UNIQUE,
    credit_code text NOT NULL UNIQUE,
    name text NOT NULL,
    chain_cipher bytea,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (agency_id, organisation_id)
);
CREATE TABLE mandates (
    agency_id uuid NOT NULL REFERENCES agencies,
    mandate_id uuid NOT NULL,
    kind text NOT NULL,
    principal_cipher bytea NOT NULL,
    principal_hash bytea NOT NULL,
    principal_chain_cipher bytea,
    organisation_id uuid REFERENCES organisations (organisation_id),
    principal_person_id uuid,
    agent_cipher bytea NOT NULL,
    agent_hash bytea NOT NULL,
    agent_person_id uuid,
    services jsonb NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_until timestamptz,
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL,
    proof_cipher bytea NOT NULL,
    revoked_at timestamptz,
    revoked_by text,
    PRIMARY KEY (agency_id, mandate_id),
    CHECK ((revoked_at IS NULL) = (revoked_by IS NULL))
);
CREATE INDEX mandates_of_agent ON mandates (agency_id, agent_person_id) WHERE agent_person_id IS NOT NULL;
CREATE INDEX mandates_of_number ON mandates (agency_id, agent_hash) WHERE agent_person_id IS NULL;
CREATE INDEX mandates_of_principal ON mandates (agency_id, principal_person_id) WHERE principal_person_id IS NOT NULL;
CREATE INDEX mandates_of_organisation ON mandates (agency_id, organisation_id) WHERE organisation_id IS NOT NULL;
"""

RATINGS = """
CREATE TABLE ratings (
    agency_id uuid NOT NULL REFERENCES agencies,
    rating_id uuid NOT NULL,
    about text NOT NULL,
    subject uuid NOT NULL,
    service text NOT NULL,
    channel text NOT NULL,
    level integer NOT NULL CHECK (level BETWEEN 1 AND 5),
    tags jsonb NOT NULL,
    words_cipher bytea NOT NULL,
    person_id uuid,
    staff_id uuid,
    rated_at timestamptz NOT NULL,
    PRIMARY KEY (agency_id, rating_id),
    UNIQUE (agency_id, about, subject)
);
CREATE INDEX ratings_by_age ON ratings (agency_id, rated_at, rating_id);
CREATE TABLE complaints (
    agency_id uuid NOT NULL REFERENCES agencies,
    complaint_id uuid NOT NULL,
    kind text NOT NULL,
    about text NOT NULL,
    subject uuid NOT NULL,
    service text NOT NULL,
    case_no text NOT NULL,
    channel text NOT NULL,
    person_id uuid,
    against jsonb NOT NULL,
    rating_id uuid,
    words_cipher bytea NOT NULL,
    filed_at timestamptz NOT NULL,
    due_on date NOT NULL,
    PRIMARY KEY (agency_id, complaint_id)
);
CREATE INDEX complaints_by_urgency ON complaints (agency_id, due_on, complaint_id);
CREATE INDEX complaints_of_subject ON complaints (agency_id, subject);
CREATE TABLE complaint_events (
    agency_id uuid NOT NULL,
    complaint_id uuid NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    name text NOT NULL,
    state text NOT NULL,
    at timestamptz NOT NULL,
    staff_id uuid,
    data_cipher bytea NOT NULL,
    PRIMARY KEY (agency_id, complaint_id, version),
    FOREIGN KEY (agency_id, complaint_id) REFERENCES complaints
);
"""

NOTICES = """
CREATE TABLE notice_attempts (
    agency_id uuid NOT NULL,
    case_id uuid NOT NULL,
    notice text NOT NULL,
    rung text NOT NULL,
    attempt integer NOT NULL CHECK (attempt > 0),
    outcome text NOT NULL,
    at timestamptz NOT NULL,
    proof_cipher bytea NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (agency_id, case_id, notice, rung, attempt, outcome),
    FOREIGN KEY (agency_id, case_id) REFERENCES cases
);
CREATE INDEX notice_attempts_open ON notice_attempts (agency_id, at, number) WHERE outcome = 'open';
COMMENT ON COLUMN notice_attempts.number IS 'the order in which outcomes were written down: the last one of an attempt counts';
CREATE TABLE revoked_slips (
    agency_id uuid NOT NULL REFERENCES agencies,
    slip_id text NOT NULL UNIQUE,
    reason_cipher bytea NOT NULL,
    revoked_at timestamptz NOT NULL,
    PRIMARY KEY (agency_id, slip_id)
);
CREATE TABLE staff_identities (
    agency_id uuid NOT NULL,
    staff_id uuid NOT NULL UNIQUE,
    identity_hash bytea NOT NULL,
    set_at timestamptz NOT NULL,
    PRIMARY KEY (agency_id, staff_id),
    FOREIGN KEY (agency_id, staff_id) REFERENCES staff ON UPDATE CASCADE
);
COMMENT ON TABLE staff_identities IS 'keyed hash of a member''s identity number: nobody handles a matter of their own';
"""

POLICIES = """
CREATE POLICY handed_in_stays ON case_drafts AS RESTRICTIVE FOR DELETE USING (submitted_at IS NULL);
CREATE POLICY handed_in_is_fixed ON case_drafts AS RESTRICTIVE FOR UPDATE USING (submitted_at IS NULL) WITH CHECK (true);
CREATE POLICY known_to_every_agency ON organisations FOR SELECT USING (true);
CREATE POLICY renamed_by_every_agency ON organisations FOR UPDATE USING (true) WITH CHECK (true);
CREATE POLICY known_to_every_agency ON revoked_slips FOR SELECT USING (true);
CREATE POLICY revoked_stays_revoked ON mandates AS RESTRICTIVE FOR UPDATE USING (revoked_at IS NULL) WITH CHECK (true);
CREATE POLICY console_claims_for_cases ON claims AS RESTRICTIVE FOR INSERT TO guitai_console
    WITH CHECK (kind ~ '^(case|window)_');
"""

TASKS = """
ALTER TABLE job_tasks ADD COLUMN from_console boolean;
INSERT INTO job_tasks VALUES ('work_on_case', true), ('watch_case', true), ('tell_case', true);
CREATE POLICY console_schedules_its_tasks ON due_work AS RESTRICTIVE FOR INSERT TO guitai_console
    WITH CHECK (task IN ('work_on_case', 'watch_case', 'tell_case'));
CREATE POLICY console_moves_its_tasks ON due_work AS RESTRICTIVE FOR UPDATE TO guitai_console
    USING (task IN ('work_on_case', 'watch_case', 'tell_case'));
CREATE OR REPLACE FUNCTION guitai_enqueue(task text, agency uuid, subject uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM job_tasks known
        WHERE known.task = guitai_enqueue.task AND (known.from_console OR session_user <> 'guitai_console')
    ) THEN
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
GRANT EXECUTE ON FUNCTION guitai_enqueue(text, uuid, uuid) TO guitai_console;
"""

CASE_OF_STAFF = (
    "agency_id, case_id, service, mapping_version, case_no, channel, app, person_id, login_id, organisation_id, mandate_id,"
    " opened_by, delivery, received_at, received_on, business_on, name_hash, number_hash, applicant_cipher, agent_cipher,"
    " inputs_cipher"
)
MANDATE_OF_STAFF = (
    "agency_id, mandate_id, kind, principal_cipher, principal_hash, organisation_id, principal_person_id, agent_cipher,"
    " agent_hash, agent_person_id, services, valid_from, valid_until, recorded_by, recorded_at, proof_cipher, revoked_at,"
    " revoked_by"
)
RATING_OF_STAFF = (
    "agency_id, rating_id, about, subject, service, channel, level, tags, words_cipher, staff_id, rated_at"
)
"""Everything but the links to the ledger's chains, and who rated."""
LINE = "UPDATE (service, state, version, waits_for, step, due_on, urgent_on, due_clock, provisional, claimed_by, updated_at, closed)"
DRAFT = "UPDATE (login_id, mapping_version, channel, content_cipher, version, updated_at, submitted_at)"
MANDATE = "UPDATE (agent_person_id, revoked_at, revoked_by)"
TABLES = (
    "cases", "case_events", "case_counters", "desk_lines", "case_drafts", "stored_files", "organisations", "mandates",
    "ratings", "complaints", "complaint_events", "notice_attempts", "revoked_slips", "staff_identities",
)  # fmt: skip


def upgrade() -> None:
    """Expand. Nobody has the right to change or delete an event; of a case only the links to the chains can change."""
    for script in (CASES, NUMBERS, LINES, DRAFTS, MANDATES, RATINGS, NOTICES):
        run(script)
    partition_by_month("case_events")
    for table in TABLES:
        protect(table)
    run(POLICIES)
    run(FILE_POLICIES)
    run(TASKS)
    _grant_cases()
    _grant_people()
    _grant_books()


def _grant_cases() -> None:
    chains = "UPDATE (chain_cipher, principal_chain_cipher)"
    grant("cases", public="SELECT, INSERT", worker=f"SELECT, {chains}", console=f"SELECT ({CASE_OF_STAFF}), INSERT")
    grant("case_events", public="SELECT, INSERT", worker="SELECT, INSERT", console="SELECT, INSERT")
    counted = "SELECT, INSERT, UPDATE (number)"
    grant("case_counters", public=counted, console=counted)
    line = f"SELECT, INSERT, DELETE, {LINE}"
    grant("desk_lines", public=line, worker=line, console=line)
    grant("case_drafts", public=f"SELECT, INSERT, DELETE, {DRAFT}", worker="SELECT, DELETE")
    grant(
        "stored_files",
        public="SELECT, INSERT, DELETE",
        worker="SELECT, INSERT, DELETE",
        console="SELECT, INSERT, DELETE",
    )
    grant("claims", console="SELECT, INSERT")
    grant("due_work", console="SELECT, INSERT, UPDATE (due_at)")


def _grant_people() -> None:
    known = "agency_id, organisation_id, credit_code, name, recorded_at"
    grant(
        "organisations",
        public="SELECT, INSERT, UPDATE (name)",
        worker="SELECT, UPDATE (chain_cipher)",
        console=f"SELECT ({known}), INSERT, UPDATE (name)",
    )
    grant(
        "mandates",
        public=f"SELECT, INSERT, {MANDATE}",
        worker="SELECT, UPDATE (principal_chain_cipher)",
        console=f"SELECT ({MANDATE_OF_STAFF}), INSERT, {MANDATE}",
    )
    grant("staff_identities", console="SELECT, INSERT, UPDATE (agency_id, identity_hash, set_at)")


def _grant_books() -> None:
    grant("ratings", public="SELECT, INSERT", worker="SELECT", console=f"SELECT ({RATING_OF_STAFF}), INSERT")
    for table in ("complaints", "complaint_events"):
        grant(table, public="SELECT, INSERT", worker="SELECT", console="SELECT, INSERT")
    grant("notice_attempts", public="SELECT", worker="SELECT, INSERT", console="SELECT, INSERT")
    known = "SELECT (agency_id, slip_id, revoked_at)"
    grant("revoked_slips", public=known, worker=f"{known}, INSERT", console=f"{known}, INSERT")
