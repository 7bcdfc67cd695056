"""Every right that a role of ours has, written by hand: role → table or function → rights. What is not here is not granted."""

from __future__ import annotations

LEDGER_APPENDS = {
    "exposure_records": "SELECT INSERT", "exposure_publications": "SELECT INSERT", "exposure_pending": "INSERT",
    **dict.fromkeys(("ledger_sequence", "ledger_tiles", "ledger_checkpoints", "ledger_beats"), "SELECT"),
    **dict.fromkeys(("ledger_own_leaves", "ledger_map_nodes", "ledger_cosignatures"), "SELECT"),
}  # fmt: skip
DIRECTORY = {
    "agencies": "SELECT", "platform_apps": "SELECT", "merchant_accounts": "SELECT", "back_ends": "SELECT",
    "directory_version": "SELECT",
}  # fmt: skip

CATALOGUE = ("mapped_services", "mapping_versions", "mapping_documents", "mapping_events")
READ_BY_STAFF = (
    "agency_id", "application_id", "service", "mapping_version", "person_id", "login_id", "applicant_cipher",
    "inputs_cipher", "platform", "app", "application_no", "created_at", "business_on",
)  # fmt: skip
READS_CATALOGUE = dict.fromkeys((*CATALOGUE, "catalogue_version"), "SELECT")
CALENDARS = dict.fromkeys(("calendar_versions", "calendar_days"), "SELECT")

CASE_OF_STAFF = (
    "agency_id", "case_id", "service", "mapping_version", "case_no", "channel", "app", "person_id", "login_id",
    "organisation_id", "mandate_id", "opened_by", "delivery", "received_at", "received_on", "business_on", "name_hash",
    "number_hash", "applicant_cipher", "agent_cipher", "inputs_cipher",
)  # fmt: skip
MANDATE_OF_STAFF = (
    "agency_id", "mandate_id", "kind", "principal_cipher", "principal_hash", "organisation_id", "principal_person_id",
    "agent_cipher", "agent_hash", "agent_person_id", "services", "valid_from", "valid_until", "recorded_by",
    "recorded_at", "proof_cipher", "revoked_at", "revoked_by",
)  # fmt: skip
RATING_OF_STAFF = (
    "agency_id", "rating_id", "about", "subject", "service", "channel", "level", "tags", "words_cipher", "staff_id",
    "rated_at",
)  # fmt: skip
LINE = "SELECT INSERT DELETE " + " ".join(
    f"UPDATE({column})"
    for column in (
        "service", "state", "version", "waits_for", "step", "due_on", "urgent_on", "due_clock", "provisional",
        "claimed_by", "updated_at", "closed",
    )
)  # fmt: skip
DRAFT = "SELECT INSERT DELETE " + " ".join(
    f"UPDATE({column})"
    for column in (
        "login_id", "mapping_version", "channel", "content_cipher", "version", "updated_at", "submitted_at",
    )
)  # fmt: skip
MANDATE_ENDS = " UPDATE(agent_person_id) UPDATE(revoked_at) UPDATE(revoked_by)"
REVOKED = "SELECT(agency_id) SELECT(slip_id) SELECT(revoked_at)"
CONSENTS = dict.fromkeys(("consent_events", "purpose_texts"), "SELECT INSERT")
RIGHTS = {**dict.fromkeys(("rights_requests", "rights_events"), "SELECT INSERT"), "rights_open": "SELECT INSERT DELETE"}
DELAYS_READ = dict.fromkeys(("reading_delays", "reading_delay_events"), "SELECT")


def read_columns(columns: tuple[str, ...]) -> str:
    """The right to read these columns alone."""
    return " ".join(f"SELECT({column})" for column in columns)


PLAN = "SELECT INSERT DELETE " + " ".join(
    f"UPDATE({column})" for column in ("lead_agency_id", "due_at", "service", "case_no", "staff_id")
)
ALERT_MOVES = " ".join(
    f"UPDATE({column})"
    for column in (
        "state", "level_agency_id", "escalations", "escalate_at", "version", "handler", "asked_of", "asked_at",
    )
)  # fmt: skip
ALERTS: dict[str, dict[str, str]] = {
    "public": {"planned_alerts": PLAN, "alerts": read_columns(("agency_id", "case_id", "clock", "rung"))},
    "console": {
        "planned_alerts": PLAN, "alerts": f"SELECT {ALERT_MOVES}", "alert_events": "SELECT INSERT",
        "alert_sweeps": "SELECT",
    },
    "worker": {
        "planned_alerts": PLAN, "alerts": f"SELECT INSERT {ALERT_MOVES}", "alert_events": "SELECT INSERT",
        "alert_sweeps": "SELECT INSERT UPDATE",
    },
}  # fmt: skip
MONTHS: dict[str, dict[str, str]] = {
    "public": {
        "closed_months": "SELECT", "month_figures": read_columns(("agency_id", "month", "service", "figures")),
    },
    "console": {"closed_months": "SELECT", "month_figures": "SELECT", "month_seals": "SELECT"},
    "worker": {
        "closed_months": "SELECT INSERT", "month_figures": "SELECT INSERT", "month_seals": "SELECT INSERT",
    },
}  # fmt: skip
CENSUS: dict[str, dict[str, str]] = {
    "public": {
        "census_lines": read_columns(
            ("agency_id", "run_id", "service", "platform", "version", "at", "reachable", "current", "faultless")
        ),
        "organisational_indicators": read_columns(
            ("agency_id", "entry_id", "kind", "value", "as_of", "source", "reason", "corrects", "entered_at")
        ),
        "turned_away": "SELECT INSERT UPDATE(count)",
    },
    "console": {"census_lines": "SELECT", "organisational_indicators": "SELECT INSERT", "turned_away": "SELECT"},
    "worker": {"census_lines": "SELECT INSERT"},
}
SLOWNESS: dict[str, dict[str, str]] = {
    "console": {
        "slowness_runs": "SELECT", "slowness_patterns": "SELECT", "slowness_evidence": "SELECT",
        "slowness_events": "SELECT INSERT",
    },
    "worker": {
        "slowness_runs": "SELECT INSERT", "slowness_patterns": "INSERT", "slowness_evidence": "INSERT",
        "slowness_events": "INSERT",
    },
}  # fmt: skip
TABLES: dict[str, dict[str, str]] = {
    "public": {
        **ALERTS["public"],
        "alert_sweeps": "SELECT",
        **CENSUS["public"],
        **MONTHS["public"],
        **DIRECTORY,
        **LEDGER_APPENDS,
        "exposure_persons": "SELECT INSERT",
        "ledger_links": "SELECT",
        "exposure_salts": "INSERT",
        "persons": (
            "SELECT INSERT UPDATE(assurance) UPDATE(phone_cipher) UPDATE(real_name_cipher) UPDATE(identity_cipher)"
            " UPDATE(identity_hash) UPDATE(joined_into) UPDATE(phone_hash)"
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
        **READS_CATALOGUE,
        **CALENDARS,
        "applications": "SELECT INSERT",
        "application_events": "SELECT INSERT",
        "cases": "SELECT INSERT",
        "case_events": "SELECT INSERT",
        "case_counters": "SELECT INSERT UPDATE(number)",
        "desk_lines": LINE,
        "case_drafts": DRAFT,
        "stored_files": "SELECT INSERT DELETE",
        "organisations": "SELECT INSERT UPDATE(name)",
        "mandates": "SELECT INSERT" + MANDATE_ENDS,
        "ratings": "SELECT INSERT",
        "complaints": "SELECT INSERT",
        "complaint_events": "SELECT INSERT",
        "notice_attempts": "SELECT",
        "revoked_slips": REVOKED,
        **DELAYS_READ,
        "case_readings": "SELECT",
        **CONSENTS,
        **RIGHTS,
    },
    "console": {
        **ALERTS["console"],
        **CENSUS["console"],
        **MONTHS["console"],
        **SLOWNESS["console"],
        **DIRECTORY,
        **LEDGER_APPENDS,
        "exposure_persons": "INSERT",
        "exposure_salts": "INSERT",
        "payments": (
            "SELECT(agency_id) SELECT(payment_id) SELECT(service) SELECT(amount_fen) SELECT(person_id) SELECT(order_no)"
            " SELECT(created_at) SELECT(platform) INSERT"
        ),
        "persons": (
            "SELECT(agency_id) SELECT(person_id) SELECT(identity_hash) SELECT(phone_hash) SELECT(joined_into)"
            " SELECT(assurance) UPDATE(assurance) UPDATE(identity_hash) UPDATE(real_name_cipher) UPDATE(identity_cipher)"
        ),
        "person_events": "INSERT",
        "payment_events": "SELECT(agency_id) SELECT(payment_id) SELECT(version) SELECT(state) INSERT",
        "cash_tills": "SELECT INSERT",
        "cash_till_events": "SELECT INSERT",
        **dict.fromkeys(CATALOGUE, "SELECT INSERT"),
        **CALENDARS,
        "catalogue_version": "SELECT UPDATE(version)",
        "staff": (
            "SELECT INSERT UPDATE(agency_id) UPDATE(suspended_at) UPDATE(subject) UPDATE(password_cipher)"
            " UPDATE(one_time_cipher) UPDATE(last_step)"
        ),
        "staff_roles": "SELECT INSERT UPDATE(until_at)",
        "staff_events": "SELECT INSERT",
        "acts": "SELECT INSERT",
        "applications": " ".join(f"SELECT({column})" for column in READ_BY_STAFF),
        "application_events": "SELECT",
        "claims": "SELECT INSERT DELETE",
        "due_work": "SELECT INSERT UPDATE(due_at)",
        "cases": read_columns(CASE_OF_STAFF) + " INSERT",
        "case_events": "SELECT INSERT",
        "case_counters": "SELECT INSERT UPDATE(number)",
        "desk_lines": LINE,
        "stored_files": "SELECT INSERT DELETE",
        "organisations": read_columns(("agency_id", "organisation_id", "credit_code", "name", "recorded_at"))
        + " INSERT UPDATE(name)",
        "mandates": read_columns(MANDATE_OF_STAFF) + " INSERT" + MANDATE_ENDS,
        "ratings": read_columns(RATING_OF_STAFF) + " INSERT",
        "complaints_against": "SELECT",
        "rating_sums": "SELECT",
        "struck_ratings": "SELECT",
        "looks_to_audit": "SELECT",
        **dict.fromkeys(("payment_sums", "payment_moves", "exposure_counts", "exposure_tallies"), "SELECT"),
        **dict.fromkeys(("exposure_sums", "exposure_summed"), "SELECT"),
        "breach_sheets": "SELECT INSERT",
        "complaints": "SELECT INSERT",
        "complaint_events": "SELECT INSERT",
        "notice_attempts": "SELECT INSERT",
        "revoked_slips": REVOKED + " INSERT",
        "case_readings": "SELECT INSERT",
        **CONSENTS,
        **RIGHTS,
        "legal_holds": "SELECT INSERT UPDATE(lifted_by) UPDATE(lifted_at) UPDATE(lifted_cipher)",
        **dict.fromkeys(DELAYS_READ, "SELECT INSERT"),
        "staff_identities": "SELECT INSERT UPDATE(agency_id) UPDATE(identity_hash) UPDATE(set_at)",
    },
    "worker": {
        **ALERTS["worker"],
        **CENSUS["worker"],
        **MONTHS["worker"],
        **SLOWNESS["worker"],
        **DIRECTORY,
        **LEDGER_APPENDS,
        "exposure_persons": "SELECT INSERT",
        **dict.fromkeys(("ledger_links", "ledger_linked", "ledger_restores"), "SELECT"),
        "exposure_salts": "SELECT INSERT UPDATE(salt) UPDATE(erased_at)",
        "persons": (
            "SELECT UPDATE(phone_cipher) UPDATE(phone_hash) UPDATE(real_name_cipher) UPDATE(identity_cipher)"
            " UPDATE(identity_hash) UPDATE(assurance)"
        ),
        "logins": "SELECT DELETE UPDATE(revoked_at)",
        "person_events": "SELECT INSERT DELETE",
        "chain_links": "SELECT INSERT DELETE",
        "households": "SELECT DELETE",
        "household_bindings": "SELECT DELETE",
        "payments": "SELECT UPDATE(chains_cipher)",
        "payment_events": "SELECT INSERT",
        "claims": "SELECT INSERT DELETE",
        "idempotency_keys": "SELECT DELETE",
        "due_work": "SELECT INSERT DELETE UPDATE(due_at)",
        **READS_CATALOGUE,
        **CALENDARS,
        "applications": "SELECT UPDATE(chain_cipher)",
        "application_events": "SELECT INSERT",
        "cases": "SELECT UPDATE(chain_cipher) UPDATE(principal_chain_cipher)",
        "case_events": "SELECT INSERT",
        "desk_lines": LINE,
        "case_drafts": "SELECT DELETE",
        "stored_files": "SELECT INSERT DELETE",
        "organisations": "SELECT UPDATE(chain_cipher)",
        "mandates": "SELECT UPDATE(principal_chain_cipher)",
        "rating_sums": "SELECT INSERT UPDATE(levels) UPDATE(through_at) UPDATE(through_id)",
        "rating_tallies": "SELECT INSERT UPDATE(tallied_until)",
        "exposure_counts": "SELECT INSERT DELETE UPDATE(count)",
        "exposure_pending": "SELECT INSERT",
        "exposure_tallies": "SELECT UPDATE(next_id)",
        "exposure_sums": "SELECT INSERT UPDATE(count)",
        "exposure_summed": "SELECT UPDATE(next_index) UPDATE(summed_at)",
        "breach_sheets": "SELECT UPDATE(found_at) UPDATE(found)",
        "breach_holders": "INSERT",
        "ratings": "SELECT",
        "complaints": "SELECT",
        "complaint_events": "SELECT",
        "notice_attempts": "SELECT INSERT",
        "revoked_slips": REVOKED + " INSERT",
        **DELAYS_READ,
        **CONSENTS,
        "consent_events": "SELECT INSERT DELETE",
        "rights_requests": "SELECT UPDATE(detail_cipher)",
        "rights_events": "SELECT INSERT UPDATE(data_cipher)",
        "rights_open": "SELECT DELETE",
        "legal_holds": "SELECT UPDATE(told_at)",
        "supervision_mailboxes": "SELECT",
        "alert_mail_lines": "SELECT INSERT DELETE UPDATE(mail_id)",
        "alert_mails": "SELECT INSERT DELETE UPDATE(due_at) UPDATE(left_to) UPDATE(tries) UPDATE(state)",
        "procrastinate_jobs": "SELECT INSERT UPDATE DELETE",
        "procrastinate_events": "SELECT INSERT UPDATE DELETE",
        "procrastinate_workers": "SELECT INSERT UPDATE DELETE",
        "procrastinate_periodic_defers": "SELECT INSERT UPDATE DELETE",
        "procrastinate_jobs_id_seq": "USAGE SELECT",
        "procrastinate_events_id_seq": "USAGE SELECT",
        "procrastinate_workers_id_seq": "USAGE SELECT",
        "procrastinate_periodic_defers_id_seq": "USAGE SELECT",
    },
    "watch": {
        "agencies": "SELECT",
        "alert_sweeps": "SELECT",
        "calendar_versions": read_columns(("region", "version", "published_until")),
        "supervision_mailboxes": "SELECT",
        **dict.fromkeys(("ledger_beats", "ledger_cosignatures"), "SELECT"),
        "ledger_checkpoints": read_columns(("size", "at")),
    },
    "sequencer": {
        "agencies": "SELECT", "exposure_records": "SELECT", "exposure_persons": "SELECT", "exposure_publications": "SELECT",
        "exposure_pending": "SELECT DELETE", "ledger_sequence": "SELECT INSERT", "ledger_checkpoints": "SELECT INSERT",
        "ledger_tiles": "SELECT INSERT UPDATE(hashes) UPDATE(width)", "ledger_beats": "SELECT INSERT UPDATE(ran_at) UPDATE(size)",
        **dict.fromkeys(("ledger_own_leaves", "ledger_links", "ledger_cosignatures", "ledger_restores"), "SELECT INSERT"),
        "ledger_map_nodes": "SELECT INSERT DELETE UPDATE(replaced_at)", "ledger_linked": "SELECT INSERT UPDATE(root) UPDATE(size)",
    },
}  # fmt: skip
"""``UPDATE(x)`` is the right to this column alone. The owner (``migration``) is not listed."""

FUNCTIONS: dict[str, set[str]] = {
    "guitai_agencies": {"public", "console", "worker", "sequencer"},
    "guitai_enqueue": {"public", "console", "worker"},
    "guitai_add_month": {"worker"},
    "guitai_has_provisional": {"watch", "public", "console"},
    "guitai_waiting_since": {"watch", "public", "console"},
    "guitai_chain_links": {"console"},
    "guitai_records_of": {"console"},
    "guitai_breach_holders": {"console"},
    "guitai_links_of": {"console"},
    "guitai_window_payments": {"console"},
    "guitai_window_events": {"console"},
    "guitai_window_receipt": {"console"},
    "guitai_window_returns": {"console"},
}
"""Who may call a function of ours. The queue's own functions are the worker's, its trigger functions nobody's."""
