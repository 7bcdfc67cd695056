"""Applications and their events; the jobs that carry them to the agency's back end and fetch what becomes of them."""

from __future__ import annotations

from adapters.stores.migrations.statements import grant, partition_by_month, protect, run

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

APPLICATIONS = """
CREATE TABLE applications (
    agency_id uuid NOT NULL REFERENCES agencies,
    application_id uuid NOT NULL,
    service text NOT NULL,
    mapping_version integer NOT NULL,
    person_id uuid NOT NULL,
    login_id uuid NOT NULL,
    applicant_cipher bytea NOT NULL,
    inputs_cipher bytea NOT NULL,
    chain_cipher bytea,
    platform text NOT NULL,
    app text NOT NULL,
    application_no text NOT NULL,
    created_at timestamptz NOT NULL,
    business_on date NOT NULL,
    PRIMARY KEY (agency_id, application_id),
    UNIQUE (agency_id, application_no)
);
CREATE INDEX applications_of_person ON applications (agency_id, person_id, application_id);
CREATE INDEX applications_of_service ON applications (agency_id, service, application_id);
COMMENT ON COLUMN applications.chain_cipher IS 'erasable: the link between the application and the chain id of the applicant';
CREATE TABLE application_events (
    agency_id uuid NOT NULL,
    application_id uuid NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    name text NOT NULL,
    state text NOT NULL,
    at timestamptz NOT NULL,
    data_cipher bytea NOT NULL,
    PRIMARY KEY (agency_id, application_id, version),
    FOREIGN KEY (agency_id, application_id) REFERENCES applications
) PARTITION BY RANGE (application_id);
INSERT INTO monthly_tables VALUES ('application_events', 'application_id');
"""

READ_BY_STAFF = (
    "agency_id, application_id, service, mapping_version, person_id, login_id, applicant_cipher, inputs_cipher,"
    " platform, app, application_no, created_at, business_on"
)
"""Everything but the link to the ledger's chain."""

TASKS = """
INSERT INTO job_tasks VALUES
    ('submit_application'), ('settle_application'), ('poll_application'), ('fetch_results');
"""


def upgrade() -> None:
    """Expand. Nobody has the right to change or delete an event; of an application only the chain's link can be emptied."""
    run(APPLICATIONS)
    partition_by_month("application_events")
    for table in ("applications", "application_events"):
        protect(table)
    grant(
        "applications",
        public="SELECT, INSERT",
        worker="SELECT, UPDATE (chain_cipher)",
        console=f"SELECT ({READ_BY_STAFF})",
    )
    grant("application_events", public="SELECT, INSERT", worker="SELECT, INSERT", console="SELECT")
    run(TASKS)
