"""The four WSGI apps, from dependencies that are already made. Registration only: no setting is read and nothing is opened here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import flask_smorest
from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from gateway import auth
from gateway.arrival import current_arrival
from gateway.body_limits import limit_bodies
from gateway.console.desk import ConsoleDesk
from gateway.console.rooms import furnish
from gateway.desk import Desk
from gateway.documentation import LANGUAGE_PATHS, render_documentation
from gateway.errors import explain_error, find_sentence, show_detail, write_error
from gateway.guard import Guard
from gateway.logging import describe_exception, get_logger
from gateway.publication import HTML, JSON
from gateway.routes import (
    applications,
    case_papers,
    cases,
    catalogue,
    consents,
    drafts,
    exposure,
    health,
    households,
    identity,
    information,
    lookups,
    mandates,
    notices,
    offers,
    payments,
    published,
    ratings,
    readings,
    results,
    sessions,
)  # fmt: skip
from gateway.schemas.errors import ErrorReply
from gateway.specification import finish_specification
from gateway.web import pages
from gateway.web.desk import WebDesk
from gateway.web.pages import WSGIApplication
from gateway.web.sessions import sign_in_blueprint as web_sign_in_blueprint
from services.errors import BackEndRefused, MethodNotAllowed, NotFound, RequestTooLarge
from services.ports import Ping

_log = get_logger("public")
GUARDED = (
    sessions.blueprint, identity.blueprint, catalogue.blueprint, households.blueprint, payments.blueprint,
    applications.blueprint, lookups.blueprint, information.blueprint, drafts.blueprint, cases.blueprint,
    case_papers.blueprint, mandates.blueprint, ratings.blueprint, readings.blueprint, exposure.blueprint,
    consents.blueprint,
)  # fmt: skip
OPEN = (sessions.sign_in_blueprint, offers.blueprint, notices.blueprint, results.blueprint)
"""Every blueprint stands in exactly one of the two: what has no session is the exception and is named here."""


class Api(flask_smorest.Api):
    """flask-smorest with our own error body in the documentation."""

    ERROR_SCHEMA = ErrorReply


def create_public_app(desk: Desk, *, release: str, max_body_bytes: int) -> Guard:
    """The app that mini-programs and platforms reach. What is returned is the guard; the Flask app is inside it."""
    app = make_flask("gateway.public")
    app.extensions["guitai"] = desk
    app.config.update(
        API_TITLE="Guitai 柜台 · 市民接口", API_VERSION=release, OPENAPI_VERSION="3.1.0", PROPAGATE_EXCEPTIONS=True,
        TRAP_HTTP_EXCEPTIONS=False,
    )  # fmt: skip
    auth.protect(app)
    api = Api(app)
    app.register_error_handler(Exception, answer_error)
    app.register_error_handler(HTTPException, answer_error)
    for blueprint in GUARDED:
        register(api, blueprint, auth.require_session)
    for blueprint in OPEN:
        register(api, blueprint, auth.allow_anonymous)
    publish_documents(app, api, desk, release)
    return Guard(
        app,
        desk.recorder,
        new_id=desk.new_id,
        max_body_bytes=max_body_bytes,
        limit_of=limit_bodies(app, max_body_bytes),
    )


def create_web_app(web: WebDesk, *, max_body_bytes: int) -> WSGIApplication:
    """The government's own door: its pages, and the whole citizen API beside them. No platform sees what passes here."""
    desk = web.citizen
    api = make_flask("gateway.web.api")
    api.extensions.update({"guitai": desk, "guitai-entrance": web.entrance})
    api.config.update(
        API_TITLE="Guitai 柜台 · 政务网站接口", API_VERSION=web.release, OPENAPI_VERSION="3.1.0",
        PROPAGATE_EXCEPTIONS=True, TRAP_HTTP_EXCEPTIONS=False,
    )  # fmt: skip
    auth.protect(api)
    registered = Api(api)
    api.register_error_handler(Exception, answer_error)
    api.register_error_handler(HTTPException, answer_error)
    for blueprint in GUARDED:
        register(registered, blueprint, auth.require_session)
    register(registered, web_sign_in_blueprint, auth.allow_anonymous)
    shown = make_flask("gateway.web")
    shown.extensions["guitai-web"] = web
    pages.furnish(shown)
    guard = Guard(
        api,
        desk.recorder,
        new_id=desk.new_id,
        max_body_bytes=max_body_bytes,
        name="web",
        limit_of=limit_bodies(api, max_body_bytes),
    )
    return pages.WebEntry(guard, shown)


def make_flask(name: str) -> Flask:
    """A Flask app without static files, redirects or its own log."""
    app = Flask(name, static_folder=None, template_folder=None)
    app.url_map.strict_slashes = True
    app.url_map.redirect_defaults = False
    app.url_map.merge_slashes = False
    app.response_class = CompleteResponse
    app.json.sort_keys = False  # type: ignore[attr-defined]  # Flask's default provider has it
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # the same
    app.json.compact = True  # type: ignore[attr-defined]  # the same
    app.logger.disabled = True
    return app


class CompleteResponse(Response):
    """A response that is one byte string. A stream is handed on as it is, and the guard refuses it."""

    automatically_set_content_length = False

    def get_app_iter(self, environ: Any) -> Any:
        """The body as a list of one part."""
        del environ  # a HEAD request came in as GET
        if self.is_streamed or self.direct_passthrough:
            return self.iter_encoded()
        return [self.get_data()]


def register(api: Api, blueprint: flask_smorest.Blueprint, rule: Any) -> None:
    """Register a blueprint with the rule of who may call it; a blueprint object is shared by tests, so the rule is set once."""
    if rule not in blueprint.before_request_funcs.get(None, ()):
        blueprint.before_request(rule)
    api.register_blueprint(blueprint, url_prefix="/v1")


def publish_documents(app: Flask, api: Api, desk: Desk, release: str) -> None:
    """Put the OpenAPI document and the documentation pages into the manifest, and serve them."""
    publication = desk.recorder.publication
    specification = finish_specification(api.spec.to_dict(), app)
    publication.add("openapi.json", 200, JSON, app.json.dumps(specification).encode())
    paths = {"/openapi.json": "openapi.json"}
    for language, path in LANGUAGE_PATHS.items():
        page = render_documentation(specification, desk.catalogue, language, release)
        publication.add(f"docs/{language}", 200, HTML, page)
        paths[path] = f"docs/{language}"
    app.register_blueprint(published.make_blueprint(publication, paths))


def answer_error(error: Exception) -> Response:
    """Any error as one of ours. Without an audience the body is fixed; with one it carries detail and request id."""
    arrival = current_arrival()
    allowed = sorted(getattr(error, "valid_methods", None) or ())
    if isinstance(error, HTTPException):
        error = translate_http(error)
    status, code = explain_error(error)
    if status >= 500:
        _log.error(
            "request_failed", route=arrival.route, request_id=arrival.request_id, code=code, **describe_exception(error)
        )
    detail = show_detail(error)
    if arrival.audience:
        reason = error.reason if isinstance(error, BackEndRefused) else None
        body = write_error(
            code, arrival.language, reason=reason, detail=detail, request_id=arrival.request_id,
            sentence=find_sentence(error),
        )  # fmt: skip
    else:
        body = write_error(code, arrival.language)
    reply = CompleteResponse(body, status=status, content_type=JSON)
    if detail and "retry_after_seconds" in detail:
        reply.headers["Retry-After"] = str(detail["retry_after_seconds"])
    if status == 405 and allowed:
        reply.headers["Allow"] = ", ".join(allowed)  # RFC 9110, section 15.5.6
    return reply


def translate_http(error: HTTPException) -> Exception:
    """What Flask itself refuses, in our words; a redirect is not offered, it is not found."""
    if error.code == 405:
        return MethodNotAllowed()
    if error.code == 413:
        return RequestTooLarge()
    return error if error.code is not None and error.code >= 500 else NotFound()


def create_console_app(desk: ConsoleDesk) -> Flask:
    """The rooms of the staff. Nothing of it is reachable from a platform's app; every room says who may enter."""
    app = make_flask("gateway.console")
    app.extensions["guitai-console"] = desk
    furnish(app)
    return app


def create_operations_app(
    pings: Sequence[Ping], *, release: str, list_services: health.ListServices = list,
    look: health.Look = lambda: ({}, {}),
) -> Flask:  # fmt: skip
    """Health, readiness, the services' state and metrics; the server binds it to loopback."""
    app = make_flask("gateway.operations")
    app.register_blueprint(health.make_blueprint(pings, release, list_services, look))
    return app
