"""Agencies, platform apps, merchant accounts, back ends; the scope of row-level security; months of partitions."""

from __future__ import annotations

from adapters.stores.migrations.statements import grant, run

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE agencies (
    agency_id uuid PRIMARY KEY,
    slug text NOT NULL UNIQUE,
    parent_id uuid REFERENCES agencies,
    name jsonb NOT NULL
);
CREATE UNIQUE INDEX agencies_one_root ON agencies ((parent_id IS NULL)) WHERE parent_id IS NULL;
CREATE TABLE platform_apps (
    agency_id uuid NOT NULL REFERENCES agencies,
    app text NOT NULL UNIQUE,
    platform text NOT NULL,
    app_id text NOT NULL,
    api_url text NOT NULL,
    secrets jsonb NOT NULL,
    options jsonb NOT NULL,
    PRIMARY KEY (agency_id, app),
    UNIQUE (platform, app_id)
);
CREATE TABLE merchant_accounts (
    agency_id uuid NOT NULL REFERENCES agencies,
    account text NOT NULL UNIQUE,
    platform text NOT NULL,
    app_id text NOT NULL,
    merchant_id text NOT NULL,
    mode text NOT NULL CHECK (mode IN ('direct', 'partner')),
    sub_merchant_id text CHECK ((mode = 'partner') = (sub_merchant_id IS NOT NULL)),
    pay_url text NOT NULL,
    payee text NOT NULL,
    secrets jsonb NOT NULL,
    options jsonb NOT NULL,
    valid_from timestamptz,
    valid_until timestamptz,
    PRIMARY KEY (agency_id, account)
);
CREATE TABLE back_ends (
    agency_id uuid NOT NULL REFERENCES agencies,
    name text NOT NULL,
    url text NOT NULL,
    secrets jsonb NOT NULL,
    options jsonb NOT NULL,
    PRIMARY KEY (agency_id, name)
);
CREATE TABLE directory_version (only_row boolean PRIMARY KEY CHECK (only_row), version bigint NOT NULL);
INSERT INTO directory_version VALUES (true, 0);
"""

SCOPE = """
CREATE FUNCTION guitai_agencies() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT string_to_array(nullif(current_setting('guitai.agencies', true), ''), ',')::uuid[] $$;
"""

MONTHS = """
CREATE TABLE monthly_tables (name text PRIMARY KEY, key_column text NOT NULL);
CREATE FUNCTION guitai_add_month(parent text, month text, first_id uuid, end_id uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    part text := parent || '_' || month;
    key_name text;
BEGIN
    SELECT key_column INTO STRICT key_name FROM monthly_tables WHERE name = parent;
    IF month !~ '^[0-9]{6}$' THEN
        RAISE EXCEPTION 'a month is six digits';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('guitai_add_month'));
    IF to_regclass(quote_ident(part)) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('LOCK TABLE %I IN SHARE ROW EXCLUSIVE MODE', parent);
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', part, parent);
    EXECUTE format(
        'WITH moved AS (DELETE FROM %I WHERE %I >= %L AND %I < %L RETURNING *) INSERT INTO %I SELECT * FROM moved',
        parent || '_other', key_name, first_id, key_name, end_id, part
    );
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, part, first_id, end_id);
    RETURN true;
END;
$$;
REVOKE ALL ON FUNCTION guitai_add_month(text, text, uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION guitai_add_month(text, text, uuid, uuid) TO guitai_worker;
"""


def upgrade() -> None:
    """Expand."""
    run(TABLES)
    run(SCOPE)
    run(MONTHS)
    for table in ("agencies", "platform_apps", "merchant_accounts", "back_ends", "directory_version"):
        grant(table, public="SELECT", console="SELECT", worker="SELECT")
    grant("agencies", sequencer="SELECT")
    run("REVOKE ALL ON FUNCTION guitai_agencies() FROM PUBLIC;")
    run(
        "GRANT EXECUTE ON FUNCTION guitai_agencies() TO guitai_public, guitai_console, guitai_worker, guitai_sequencer;"
    )
