"""The window raises accounts whose holder it has seen, and prints what the ledger says of whoever stands there.

The console's role still reads no cell of a person and lists no link to a chain: it gives the keyed hash of a subject that it knows already
and gets that one link, gives a chain and gets the records that concern it.
"""

from __future__ import annotations

from adapters.stores.migrations.statements import grant, run

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

LOOK_UPS = """
CREATE FUNCTION guitai_chain_links(subjects bytea[]) RETURNS TABLE (subject_hash bytea, chain_cipher bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT link.subject_hash, link.chain_cipher FROM chain_links link
    WHERE link.agency_id = ANY (guitai_agencies()) AND link.subject_hash = ANY (subjects) AND cardinality(subjects) <= 100;
$$;
CREATE FUNCTION guitai_records_of(chains uuid[], door text, before uuid, most integer) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT DISTINCT person.record_id FROM exposure_persons person
    WHERE person.agency_id = ANY (guitai_agencies()) AND person.chain_id = ANY (chains) AND person.platform = door
        AND (before IS NULL OR person.record_id < before)
    ORDER BY person.record_id DESC LIMIT most;
$$;
GRANT EXECUTE ON FUNCTION guitai_chain_links(bytea[]), guitai_records_of(uuid[], text, uuid, integer) TO guitai_console;
"""


def upgrade() -> None:
    """Expand."""
    run(LOOK_UPS)
    grant("persons", console="SELECT (assurance), UPDATE (assurance, identity_hash, real_name_cipher, identity_cipher)")
    grant("person_events", console="INSERT")
