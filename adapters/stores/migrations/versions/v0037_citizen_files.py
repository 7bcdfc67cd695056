"""The window hands out a citizen's file: the console's role gives names of chains that it knows and gets their links."""

from __future__ import annotations

from adapters.stores.migrations.statements import run

revision = "0037"
down_revision = "0035"
branch_labels = None
depends_on = None

LINKS = """
CREATE FUNCTION guitai_links_of(names bytea[], below bigint, most integer)
RETURNS TABLE (chain bytea, number bigint, index bigint, previous bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT link.chain, link.number, link.index, link.previous FROM ledger_links link
    WHERE link.chain = ANY (names) AND link.index < below AND cardinality(names) <= 100
    ORDER BY link.chain, link.number LIMIT most;
$$;
REVOKE ALL ON FUNCTION guitai_links_of(bytea[], bigint, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION guitai_links_of(bytea[], bigint, integer) TO guitai_console;
"""


def upgrade() -> None:
    """Expand."""
    run(LINKS)
