"""The catalogue of one's agencies: every service with its state and health, its versions and history, what waits for somebody."""

from __future__ import annotations

from datetime import UTC

from flask import Blueprint, Response, request

from gateway.console.back_end_health import health_of, read_health
from gateway.console.catalogue_view import (
    Health,
    day_in_china,
    draw_label,
    list_states,
    review_day,
    say_states,
    say_widening,
)
from gateway.console.catalogue_words import CHANNELS, DONE, KINDS, STATES, Words
from gateway.console.desk import current_actor, current_console
from gateway.console.frame import show_page
from gateway.console.registry import room
from services.errors import NotFound, StoreUnavailable
from services.exposure_label import Widening
from services.mapping import ServiceMapping
from services.mapping_desk import READERS, Comparison, ServiceFile, ServiceLine, VersionShown
from services.mapping_record import MappingVersion
from services.publication_state import read_sentence, read_widening
from services.staffing import Role

TITLE, WAITING = ("服务目录", "Catalogue"), ("待办：发布与复核", "Waiting: publish, review")
blueprint = Blueprint("catalogue", __name__)


@room(blueprint, "/catalogue", title=TITLE, roles=READERS, place=35)
def list_catalogue() -> Response:
    """Every service of one's agencies: version in force, state, health, when to look at it again."""
    desk, actor = current_console(), current_actor()
    lines, health = desk.mappings.list_services(actor), read_health()
    rows = [(line, show_states(line, found), found) for line in lines for found in [health_of(line.mapping, health)]]
    return show_page(
        "catalogue.html", title=TITLE, rows=rows, kinds=KINDS, states=STATES, review_day=review_day,
        may_begin=bool(actor.agencies_as(Role.IT)),
    )  # fmt: skip


def show_states(line: ServiceLine, health: Health) -> list[tuple[str, Words]]:
    """How a service stands, in words."""
    desk = current_console()
    return say_states(list_states(line, find_unbound(), health, day_in_china(desk.clock.now())))


def find_unbound() -> dict[str, str]:
    """Services that this environment does not bind; none are known while the live catalogue cannot be read."""
    try:
        return dict(current_console().unbound())
    except StoreUnavailable:
        return {}


@room(blueprint, "/catalogue/waiting", title=WAITING, roles=[Role.IT, Role.PRIVACY], place=36)
def list_waiting() -> Response:
    """Versions that wait to be published, with what each lets platforms see more; and what one person did alone."""
    desk, actor = current_console(), current_actor()
    waiting = desk.mappings.list_waiting(actor)
    alone = [(line, event) for line in desk.mappings.list_services(actor) for event in line.state.to_review]
    return show_page(
        "waiting.html", title=WAITING, waiting=waiting, alone=alone, done=DONE, read_widening=read_widening,
        read_sentence=read_sentence, more_of=lambda one: group_widening(one.more, one.shown.mapping),
    )  # fmt: skip


def group_widening(more: tuple[Widening, ...], mapping: ServiceMapping | None) -> list[Words]:
    """What is new, each as a sentence."""
    return [say_widening(one, mapping, current_console().mappings.vocabulary) for one in more]


@room(blueprint, "/catalogue/<service>", title=TITLE, roles=READERS)
def show_service(service: str) -> Response:
    """One service: present version, label, what waits, history, steps."""
    return show_one(service)


def show_one(service: str, fault: Words | None = None, status: int = 200) -> Response:
    """The page of a service, with what went wrong."""
    desk, actor = current_console(), current_actor()
    file = desk.mappings.open_service(actor, service)
    state = file.state
    present = find_shown(file, state.in_force)
    proposed = find_shown(file, state.proposal.version if state.proposal else None)
    compared = desk.mappings.compare(present.kept if present else None, proposed.kept) if proposed else None
    mapping = (present or proposed or VersionShown(file.versions[0], None)).mapping
    health = health_of(mapping, read_health())
    line = ServiceLine(service, file.agency_id, state, mapping)
    approved = state.proposal.approved if state.proposal else frozenset()
    return show_page(
        "service.html", status, title=find_title(mapping, service), file=file, state=state, present=present,
        proposed=proposed, compared=compared, more=group_widening(compared.more if compared else (), mapping),
        unapproved=[one for one in (compared.more if compared else ()) if str(one) not in approved],
        label=draw_label(mapping, desk.mappings.vocabulary) if mapping else (), mapping=mapping,
        proposed_label=draw_proposed(proposed, compared), states=show_states(line, health), health=health, fault=fault,
        done=DONE, kinds=KINDS, channels=CHANNELS, lacks=find_unbound().get(service, ""), review_day=review_day,
        me=actor.member.staff_id, is_it=actor.holds(Role.IT, file.agency_id), given=request.form,
        is_privacy=actor.holds(Role.PRIVACY, file.agency_id), read_widening=read_widening, read_sentence=read_sentence,
    )  # fmt: skip


def draw_proposed(proposed: VersionShown | None, compared: Comparison | None) -> object:
    """The label of a version that waits, what is new marked."""
    if proposed is None or proposed.mapping is None or compared is None:
        return ()
    return draw_label(proposed.mapping, current_console().mappings.vocabulary, compared.more)


def find_shown(file: ServiceFile, number: int | None) -> VersionShown | None:
    """A version of a file, read; None if there is none of this number."""
    kept = file.version(number) if number is not None else None
    return current_console().mappings.show(kept) if kept else None


def find_title(mapping: ServiceMapping | None, service: str) -> Words:
    """What a service is called."""
    texts = {str(language): text for language, text in mapping.title.items()} if mapping else {}
    return (texts.get("zh-CN", service), texts.get("en", service))


def require_version(service: str, number: int) -> tuple[ServiceFile, MappingVersion]:
    """A version that the reader may see. Raises ``NotFound``."""
    file = current_console().mappings.open_service(current_actor(), service)
    kept = file.version(number)
    if kept is None:
        raise NotFound
    return file, kept


@room(blueprint, "/catalogue/<service>/compare", title=("比较", "Compare"), roles=READERS)
def compare_versions(service: str) -> Response:
    """Two versions beside each other: by meaning, by what platforms see, by lines."""
    desk = current_console()
    file = desk.mappings.open_service(current_actor(), service)
    present = file.state.in_force or file.versions[0].version
    old = file.version(request.args.get("old", present, type=int))
    new = file.version(request.args.get("new", file.versions[0].version, type=int))
    if old is None or new is None:
        raise NotFound
    compared = desk.mappings.compare(old, new)
    return show_page(
        "compare.html", title=("比较", "Compare"), file=file, old=old, new=new, compared=compared,
        more=group_widening(compared.more, desk.mappings.show(new).mapping),
    )  # fmt: skip


@room(blueprint, "/catalogue/<service>/versions/<int:number>/file", title=("文件", "File"), roles=READERS)
def send_file(service: str, number: int) -> Response:
    """The file of a version, byte for byte."""
    _, kept = require_version(service, number)
    name = f"{kept.service}.yaml"
    return Response(
        kept.content,
        content_type="application/yaml",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Last-Modified": write_moment(kept)},
    )


@room(
    blueprint, "/catalogue/<service>/versions/<int:number>/documents/<path:name>", title=("附件", "Document"), roles=READERS
)  # fmt: skip
def show_document(service: str, number: int, name: str) -> Response:
    """A file that a version refers to, as plain text."""
    _, kept = require_version(service, number)
    if name not in kept.documents:
        raise NotFound
    return Response(kept.documents[name], content_type="text/plain; charset=utf-8")


def write_moment(kept: MappingVersion) -> str:
    """When a version was made, as HTTP writes it (RFC 9110, section 5.6.7)."""
    return kept.made_at.astimezone(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
