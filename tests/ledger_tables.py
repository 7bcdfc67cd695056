"""What a test of the ledger empties after itself."""

from __future__ import annotations

LEDGER_TABLES = (
    "exposure_records", "exposure_persons", "exposure_salts", "exposure_publications", "exposure_pending", "ledger_sequence",
    "ledger_own_leaves", "ledger_links", "ledger_map_nodes", "ledger_linked", "ledger_tiles", "ledger_checkpoints",
    "ledger_cosignatures", "ledger_beats", "ledger_restores",
)  # fmt: skip
EMPTY_LEDGER = f"TRUNCATE {', '.join(LEDGER_TABLES)}"
