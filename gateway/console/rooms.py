"""Every room of the console, in one list; and how they become an app's routes. A new room is one module and one line here."""

from __future__ import annotations

from flask import Flask, request

from gateway.console import (
    account,
    acts,
    administration,
    alert_answers,
    applications,
    audit,
    audit_delays,
    business,
    catalogue,
    catalogue_editor,
    catalogue_steps,
    census,
    complaints,
    counter,
    counter_acts,
    counter_case,
    entrance,
    home,
    planning,
    privacy,
    privacy_breaches,
    privacy_looks,
    privacy_reports,
    published,
    ratings,
    rights,
    slowness,
    slowness_own,
    statistics,
    statistics_honours,
    statistics_people,
    supervision,
    supervision_alert,
    tasks,
    till,
    till_pay,
    till_returns,
    window,
    window_consents,
    window_handover,
    window_papers,
)
from gateway.console.catalogue_draft import MAX_FORM_BYTES
from gateway.console.counter_words import list_words
from gateway.console.frame import SHANGHAI, add_headers, answer_fault, guard_page
from gateway.console.registry import require_declared
from gateway.console.slowness_words import KINDS
from services.file_rules import LARGEST_MEGABYTES, MEGABYTE

BLUEPRINTS = (
    entrance.blueprint, published.blueprint, account.blueprint, home.blueprint, applications.blueprint,
    administration.blueprint, acts.blueprint, audit.blueprint, audit_delays.blueprint, catalogue.blueprint, catalogue_editor.blueprint, catalogue_steps.blueprint,
    counter.blueprint, counter_case.blueprint, counter_acts.blueprint,
    tasks.blueprint, window.blueprint, window_handover.blueprint, window_papers.blueprint, window_consents.blueprint,
    till.blueprint, till_pay.blueprint, till_returns.blueprint, complaints.blueprint, ratings.blueprint,
    business.blueprint, census.blueprint,
    supervision.blueprint, supervision_alert.blueprint, alert_answers.blueprint, slowness.blueprint, slowness_own.blueprint,
    statistics.blueprint, statistics_people.blueprint, statistics_honours.blueprint, planning.blueprint,
    privacy.blueprint, privacy_looks.blueprint, privacy_reports.blueprint, privacy_breaches.blueprint, rights.blueprint,
)  # fmt: skip
MAX_BODY_BYTES = 262_144
MAX_SCAN_BYTES = LARGEST_MEGABYTES * MEGABYTE + MAX_BODY_BYTES
"""A form of the window with one file in it."""


def furnish(app: Flask) -> None:
    """Put the gate, the rooms, the frame and the faults into an app. Raises ``ConfigurationFault`` for a room without a declaration."""
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["SHANGHAI"] = SHANGHAI
    app.jinja_env.globals.update(list_words())
    app.jinja_env.globals.update(effort_of=business.label_effort, standing_of=business.place_among_neighbours)
    app.jinja_env.globals.update({**supervision.WORDS, "name_clock": supervision.name_clock})
    app.jinja_env.globals.update(own_patterns=slowness_own.list_waiting_patterns, pattern_kinds=KINDS)
    app.before_request(make_room_for_drafts)
    app.before_request(guard_page)
    app.after_request(add_headers)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.register_error_handler(Exception, answer_fault)
    require_declared(app)


def make_room_for_drafts() -> None:
    """A mapping with the documents that it refers to is longer than any other form; nobody else's is."""
    if request.path.startswith("/catalogue/draft/"):
        request.max_content_length = request.max_form_memory_size = MAX_FORM_BYTES
    if request.path.endswith(("/scan", "/open")) and request.path.startswith(("/counter/", "/window/")):
        request.max_content_length = MAX_SCAN_BYTES
