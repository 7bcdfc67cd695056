"""Every right that a role of ours has, written by hand: role → table or function → rights. What is not here is not granted."""

from __future__ import annotations

LEDGER_APPENDS = {"exposure_records": "SELECT INSERT", "exposure_publications": "SELECT INSERT"}
DIRECTORY = {
    "agencies": "SELECT", "platform_apps": "SELECT", "merchant_accounts": "SELECT", "back_ends": "SELECT",
    "directory_version": "SELECT",
}  # fmt: skip

TABLES: dict[str, dict[str, str]] = {
    "public": {
        **DIRECTORY,
        **LEDGER_APPENDS,
        "exposure_persons": "SELECT INSERT",
        "exposure_salts": "INSERT",
        "persons": (
            "SELECT INSERT UPDATE(assurance) UPDATE(phone_cipher) UPDATE(real_name_cipher) UPDATE(identity_cipher)"
            " UPDATE(identity_hash) UPDATE(joined_into)"
        ),
        "logins": "SELECT INSERT UPDATE(person_id) UPDATE(revoked_at)",
        "person_events": "SELECT INSERT",
        "chain_links": "SELECT INSERT",
        "households": "SELECT INSERT UPDATE(holder_name_cipher) UPDATE(address_cipher)",
        "household_bindings": "SELECT INSERT UPDATE(unbound_at)",
        "payments": "SELECT INSERT",
        "payment_events": "SELECT INSERT",
        "claims": "SELECT INSERT DELETE",
        "idempotency_keys": "SELECT INSERT UPDATE(reply_cipher)",
        "due_work": "SELECT INSERT UPDATE(due_at)",
    },
    "console": {
        **DIRECTORY,
        **LEDGER_APPENDS,
        "exposure_persons": "INSERT",
        "exposure_salts": "INSERT",
        "payments": "SELECT(agency_id) SELECT(payment_id) SELECT(service) SELECT(amount_fen)",
        "payment_events": "SELECT(agency_id) SELECT(payment_id) SELECT(version) SELECT(state)",
    },
    "worker": {
        **DIRECTORY,
        **LEDGER_APPENDS,
        "exposure_persons": "SELECT INSERT",
        "exposure_salts": "SELECT INSERT UPDATE(salt) UPDATE(erased_at)",
        "persons": "SELECT",
        "logins": "SELECT",
        "person_events": "SELECT INSERT",
        "chain_links": "SELECT INSERT DELETE",
        "households": "SELECT",
        "household_bindings": "SELECT",
        "payments": "SELECT UPDATE(chains_cipher)",
        "payment_events": "SELECT INSERT",
        "claims": "SELECT INSERT DELETE",
        "idempotency_keys": "SELECT DELETE",
        "due_work": "SELECT INSERT DELETE UPDATE(due_at)",
        "procrastinate_jobs": "SELECT INSERT UPDATE DELETE",
        "procrastinate_events": "SELECT INSERT UPDATE DELETE",
        "procrastinate_workers": "SELECT INSERT UPDATE DELETE",
        "procrastinate_periodic_defers": "SELECT INSERT UPDATE DELETE",
        "procrastinate_jobs_id_seq": "USAGE SELECT",
        "procrastinate_events_id_seq": "USAGE SELECT",
        "procrastinate_workers_id_seq": "USAGE SELECT",
        "procrastinate_periodic_defers_id_seq": "USAGE SELECT",
    },
    "sequencer": {
        "agencies": "SELECT", "exposure_records": "SELECT", "exposure_persons": "SELECT", "exposure_publications": "SELECT",
    },
}  # fmt: skip
"""``UPDATE(x)`` is the right to this column alone. The owner (``migration``) is not listed."""

FUNCTIONS: dict[str, set[str]] = {
    "guitai_agencies": {"public", "console", "worker", "sequencer"},
    "guitai_enqueue": {"public", "worker"},
    "guitai_add_month": {"worker"},
}
"""Who may call a function of ours. The queue's own functions are the worker's, its trigger functions nobody's."""
