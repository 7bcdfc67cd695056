"""Payments and their events; claims; idempotency keys."""

from __future__ import annotations

from adapters.stores.migrations.statements import grant, partition_by_month, protect, run

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

PAYMENTS = """
CREATE TABLE payments (
    agency_id uuid NOT NULL REFERENCES agencies,
    payment_id uuid NOT NULL,
    service text NOT NULL,
    mapping_version integer NOT NULL,
    person_id uuid NOT NULL,
    login_id uuid NOT NULL,
    household_id uuid NOT NULL,
    details_cipher bytea NOT NULL,
    chains_cipher bytea,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    platform text NOT NULL,
    app text NOT NULL,
    account text NOT NULL,
    payee text NOT NULL,
    order_no text NOT NULL,
    sequence_no text NOT NULL,
    refund_no text NOT NULL,
    description text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    business_on date NOT NULL,
    PRIMARY KEY (agency_id, payment_id),
    UNIQUE (agency_id, order_no),
    UNIQUE (agency_id, sequence_no),
    UNIQUE (agency_id, refund_no)
);
CREATE INDEX payments_of_person ON payments (agency_id, person_id, payment_id);
COMMENT ON COLUMN payments.chains_cipher IS 'erasable: the link between the payment and the chain ids of payer and holder';
CREATE TABLE payment_events (
    agency_id uuid NOT NULL,
    payment_id uuid NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    name text NOT NULL,
    state text NOT NULL,
    at timestamptz NOT NULL,
    data jsonb NOT NULL,
    PRIMARY KEY (agency_id, payment_id, version),
    FOREIGN KEY (agency_id, payment_id) REFERENCES payments
) PARTITION BY RANGE (payment_id);
COMMENT ON TABLE payment_events IS 'a payment''s events all lie in the month in which it was opened, so its key needs no month';
INSERT INTO monthly_tables VALUES ('payment_events', 'payment_id');
"""

CLAIMS = """
CREATE TABLE claims (
    agency_id uuid NOT NULL REFERENCES agencies,
    kind text NOT NULL,
    key_hash bytea NOT NULL,
    owner_id uuid NOT NULL,
    claimed_at timestamptz NOT NULL,
    PRIMARY KEY (agency_id, kind, key_hash)
);
CREATE TABLE idempotency_keys (
    agency_id uuid NOT NULL REFERENCES agencies,
    person_id uuid NOT NULL,
    key_hash bytea NOT NULL,
    payment_id uuid NOT NULL,
    digest_cipher bytea NOT NULL,
    reply_cipher bytea,
    claimed_at timestamptz NOT NULL,
    PRIMARY KEY (agency_id, person_id, key_hash)
);
"""


def upgrade() -> None:
    """Expand."""
    run(PAYMENTS)
    run(CLAIMS)
    partition_by_month("payment_events")
    for table in ("payments", "payment_events", "claims", "idempotency_keys"):
        protect(table)
    grant("payments", public="SELECT, INSERT", worker="SELECT, UPDATE (chains_cipher)", console="SELECT")
    grant("payment_events", public="SELECT, INSERT", worker="SELECT, INSERT", console="SELECT")
    grant("claims", public="SELECT, INSERT, DELETE", worker="SELECT, INSERT, DELETE")
    grant("idempotency_keys", public="SELECT, INSERT, UPDATE (reply_cipher)", worker="SELECT, DELETE")
