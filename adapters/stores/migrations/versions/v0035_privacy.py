"""The privacy officer's room: what platforms saw, summed up by days and months; sheets of who is affected by a breach."""

from __future__ import annotations

from adapters.stores.migrations.statements import grant, protect, run

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

SUMS = """
CREATE TABLE exposure_sums (
    agency_id uuid NOT NULL REFERENCES agencies,
    span text NOT NULL CHECK (span IN ('day', 'month')),
    begins_on date NOT NULL,
    platform text NOT NULL,
    account text NOT NULL,
    service text NOT NULL,
    mapping_version integer NOT NULL,
    purpose text NOT NULL,
    direction text NOT NULL,
    field text NOT NULL,
    count bigint NOT NULL CHECK (count > 0),
    PRIMARY KEY (agency_id, span, begins_on, platform, account, service, mapping_version, purpose, direction, field)
);
COMMENT ON TABLE exposure_sums IS 'records of the ledger by what they say, without persons; an empty field: records, each once';
CREATE INDEX exposure_sums_records ON exposure_sums (agency_id, span, begins_on) WHERE field = '';
CREATE TABLE exposure_summed (
    alone boolean PRIMARY KEY CHECK (alone),
    next_index bigint NOT NULL CHECK (next_index >= 0),
    summed_at timestamptz
);
COMMENT ON TABLE exposure_summed IS 'one row: the first leaf that is in no sum; it is locked while somebody counts';
INSERT INTO exposure_summed VALUES (true, 0, NULL);
"""

BREACHES = """
CREATE TABLE breach_sheets (
    agency_id uuid NOT NULL REFERENCES agencies,
    sheet_id uuid NOT NULL,
    agencies uuid[] NOT NULL,
    platform text NOT NULL,
    account text NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    asked_by uuid NOT NULL,
    asked_at timestamptz NOT NULL,
    found_at timestamptz,
    found jsonb,
    PRIMARY KEY (agency_id, sheet_id),
    CHECK (since < until),
    CHECK ((found_at IS NULL) = (found IS NULL))
);
CREATE INDEX breach_sheets_waiting ON breach_sheets (asked_at) WHERE found_at IS NULL;
CREATE TABLE breach_holders (
    agency_id uuid NOT NULL,
    sheet_id uuid NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    kind text NOT NULL CHECK (kind IN ('person', 'household')),
    holder_id uuid NOT NULL,
    holder_agency uuid NOT NULL,
    fields text[] NOT NULL,
    PRIMARY KEY (agency_id, sheet_id, number),
    FOREIGN KEY (agency_id, sheet_id) REFERENCES breach_sheets
);
COMMENT ON TABLE breach_holders IS 'who is to be notified, by id: names and telephones are read where they stand, as long as they stand there';
CREATE FUNCTION guitai_breach_holders(sheet uuid, beyond integer, most integer) RETURNS TABLE (
    number integer, kind text, holder_id uuid, holder_agency uuid, fields text[], service text,
    real_name_cipher bytea, phone_cipher bytea, holder_name_cipher bytea, address_cipher bytea, household_no_cipher bytea
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT one.number, one.kind, one.holder_id, one.holder_agency, one.fields, coalesce(house.service, ''),
        person.real_name_cipher, person.phone_cipher, house.holder_name_cipher, house.address_cipher, house.household_no_cipher
    FROM breach_holders one
    LEFT JOIN persons person
        ON one.kind = 'person' AND person.agency_id = one.holder_agency AND person.person_id = one.holder_id
    LEFT JOIN households house
        ON one.kind = 'household' AND house.agency_id = one.holder_agency AND house.household_id = one.holder_id
    WHERE one.agency_id = ANY (guitai_agencies()) AND one.sheet_id = sheet AND one.number > beyond
    ORDER BY one.number LIMIT least(most, 1000);
$$;
REVOKE ALL ON FUNCTION guitai_breach_holders(uuid, integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION guitai_breach_holders(uuid, integer, integer) TO guitai_console;
"""


def upgrade() -> None:
    """Expand."""
    run(SUMS)
    run(BREACHES)
    for table in ("exposure_sums", "breach_sheets", "breach_holders"):
        protect(table)
    grant("exposure_sums", console="SELECT", worker="SELECT, INSERT, UPDATE (count)")
    grant("exposure_summed", console="SELECT", worker="SELECT, UPDATE (next_index, summed_at)")
    grant("breach_sheets", console="SELECT, INSERT", worker="SELECT, UPDATE (found_at, found)")
    grant("breach_holders", worker="INSERT")
