"""Staff find a person by number: a keyed hash of the proven phone beside that of the identity number, and the columns for it."""

from __future__ import annotations

from adapters.stores.migrations.statements import grant, run

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

PHONES = """
ALTER TABLE persons ADD COLUMN phone_hash bytea;
CREATE INDEX persons_of_phone ON persons (agency_id, phone_hash) WHERE phone_hash IS NOT NULL;
COMMENT ON COLUMN persons.phone_hash IS 'keyed hash of the proven phone; written from this revision on, at every proof of a phone';
"""


def upgrade() -> None:
    """Expand. The console reads no cell of a person: hashes go in, ids come out."""
    run(PHONES)
    grant(
        "persons",
        public="UPDATE (phone_hash)",
        console="SELECT (agency_id, person_id, identity_hash, phone_hash, joined_into)",
    )
    grant("payments", console="SELECT (person_id, order_no, created_at)")
