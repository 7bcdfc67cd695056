"""The OpenAPI document and the documentation page: the same bytes for everybody, named in the manifest."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response

from gateway.exposing import Spoken, mark
from gateway.publication import Publication, PublishedBody

SPOKEN = Spoken("browse_services", open=True, published=True)


def make_blueprint(publication: Publication, paths: dict[str, str]) -> Blueprint:
    """A blueprint that serves published bodies: ``paths`` maps an address to the name of a body."""
    blueprint = Blueprint("published", __name__)
    for path, name in paths.items():
        view = mark(_serve(publication.body(name)), SPOKEN)
        blueprint.add_url_rule(path, endpoint=name.replace(".", "-").replace("/", "-"), view_func=view)
    return blueprint


def _serve(published: PublishedBody) -> Callable[[], Response]:
    def serve() -> Response:
        return Response(published.body, status=published.status, content_type=published.content_type)

    return serve
