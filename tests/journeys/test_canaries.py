"""Whatever an office answers, nothing of it gets out: canaries of every office in every byte, on the good way and on every bad one.

A back end that answers with a web page, half a body, another charset, 40 MiB, a redirect, a field more, or nothing at all: the citizen
reads a plain sentence and a code, the operator's log names service, back end and place, and what was said is found nowhere.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import pytest

from adapters.mapping_files import MAPPINGS_FOLDER
from adapters.sandbox.vehicles.registration import complete_vin
from gateway.demo.evidence import read_received
from gateway.demo.forms import read_entries
from gateway.demo.journey import Journey
from gateway.demo.leaks import find_leaks, read_canaries, read_server_bytes
from gateway.demo.play import KINDS
from gateway.demo.signing_in import sign_in
from gateway.demo.stage import A_MINUTE, Play, Stage, open_stage
from gateway.errors import TABLE
from gateway.launch.loopback import Reply, send
from gateway.words import load_wording
from services.model import Language, PlatformName
from services.stories import read_stories
from tests.journeys.city import City

SERVICES = sorted(
    file.stem for file in MAPPINGS_FOLDER.glob("*.yaml") if "\nkind: case\n" not in file.read_text("utf-8")
)
"""A case has journeys of its own: days, a clerk and a head stand between its steps."""
SPOILED = ("html", "truncated", "wrong_charset", "huge", "redirect", "unknown_field")
OF_REGISTRIES = ("server_error",)
"""A database has no web pages and no charset of its own; it may take the reader's rights away."""
MARKS = ("Bad Gateway", "203.0.113.1", "unexpectedField")
"""Of what the bad answers say, beside canaries."""
KNOWN_CODES = {"back_end_garbled", "back_end_unreachable", "back_end_outcome_unknown", "back_end_failed"}
DOUBTFUL = {"submitting", "submission_unknown"}
A_DAY, AN_HOUR = 86_400.0, 3_600.0
_numbers = itertools.count(1)


def vary(inputs: dict[str, object]) -> dict[str, object]:
    """What can be applied for only once, once more: another vehicle."""
    return {**inputs, "vin": complete_vin("LFV2A21K", f"H{next(_numbers):07d}")} if "vin" in inputs else inputs


def sign_in_again(stage: Stage, play: Play) -> None:
    """A session that has not ended, known as well as the service asks."""
    told = Journey(play.service.id, play.phone.platform, lambda _line: None, list)
    sign_in(told, play.phone, play.service.assurance, stage.clock.now())


@pytest.fixture(scope="module")
def stage(proven_city: City) -> Iterator[Stage]:
    """One stage for all stories of this file; what its phones got is looked through at the end."""
    proven_city.calm_down()
    stage = open_stage(proven_city.stack)
    yield stage
    for service in SERVICES:
        calm(stage, service)
    proven_city.shown.extend(reply for phone in stage.phones.values() for reply in phone.received)


def list_operations(office: str) -> tuple[list[str], list[str]]:
    """What an office can be told to do wrong, as it says itself: its operations, and for a registry its behaviours."""
    told = send("POST", f"{office}/_sandbox/control/behaviour", {"operation": "?", "behaviour": "?"}).json()["error"]
    registry = re.fullmatch(r"expected operation (\w+), behaviour (.+)", told)
    if registry:
        return [registry[1]], registry[2].split(", ")
    return told.removeprefix("unknown operation; known: ").split(", "), []


def arrange(office: str, operation: str, behaviour: str) -> None:
    """The next call of an operation goes wrong."""
    reply = send("POST", f"{office}/_sandbox/control/behaviour", {"operation": operation, "behaviour": behaviour})
    assert reply.status == 200, (operation, behaviour, reply.body)


def calm(stage: Stage, service: str) -> None:
    """An office does everything right again."""
    office = stage.offices[stage.services[service].back_end.name]
    for operation in list_operations(office)[0]:
        arrange(office, operation, "none")


def find_play(stage: Stage, service: str, platform: PlatformName = PlatformName.WECHAT) -> Play:
    """The story of a service on a platform, by somebody who is signed in; later than any limit, and than anything cached."""
    mapping = stage.services[service]
    stage.pass_time(A_MINUTE + (A_DAY * 2 if mapping.cache_seconds else AN_HOUR if mapping.kind == "bill" else 0))
    story = next(one for one in read_stories(mapping, stage.today) if platform in one.platforms)
    play = stage.cast(mapping, story, platform)
    sign_in_again(stage, play)
    return play


def ask(play: Play) -> list[Reply]:
    """What makes the counter ask the office: the form first where it is prefilled, then the business itself."""
    service, phone, story = play.service, play.phone, play.story
    if service.kind == "bill":
        return [phone.send("POST", "/households/lookup", {"service": service.id, **story.inputs})]
    form = phone.send("GET", f"/services/{service.id}")
    if form.status != 200:
        return [form]
    inputs = vary(read_entries(play, form.json()))
    path = f"/services/{service.id}"
    if service.kind == "application":
        return [form, phone.send("POST", f"{path}/applications", {"inputs": inputs}, key=phone.make_key())]
    if service.kind == "lookup":
        return [form, phone.send("POST", f"{path}/lookups", {"inputs": inputs})]
    return [form, phone.send("GET", f"{path}/information" + (f"?{urlencode(inputs)}" if inputs else ""))]


def require_plain(reply: Reply, play: Play) -> None:
    """A code of the table with its own sentence; or for an application, that nobody knows yet, in a fixed sentence."""
    told: dict[str, Any] = reply.json()
    if reply.status == 201:
        assert told["state"] in DOUBTFUL, told["state"]
        assert told["office_message"] is None
        return
    assert told["code"] in KNOWN_CODES, (play.service.id, reply.status, told["code"])
    assert reply.status in {status for status, code in TABLE.values() if code == told["code"]}
    assert told["message"] == load_wording().say_error(told["code"], Language.ZH_CN)
    assert told["detail"] is None


def read_log(city: City, name: str) -> str:
    """What a process of ours wrote for operators."""
    return (city.stack.places.home / "log" / f"{name}.log").read_text("utf-8")


def list_told(city: City, service: str, start: int) -> list[Mapping[str, Any]]:
    """The lines of the public app's log, from a place on, that tell of a failed call of this service's back end."""
    lines = [json.loads(line) for line in read_log(city, "public")[start:].splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == "back_end_failed" and line["service"] == service]


def go_wrong(city: City, stage: Stage, service: str, behaviour: str) -> None:
    """One bad answer, whichever operation is asked first; then a good one, so that no circuit breaker is met."""
    play = find_play(stage, service)
    city.await_quiet()  # or the worker's question about an earlier application would get the bad answer
    start = len(read_log(city, "public"))
    for operation in list_operations(play.office)[0]:
        arrange(play.office, operation, behaviour)
    replies = ask(play)
    require_plain(replies[-1], play)
    seen = b"\n".join(reply.body for reply in replies)
    assert not [mark for mark in MARKS if mark.encode() in seen]
    told = list_told(city, service, start)
    assert told, "the operator was not told"
    assert {line["dependency"] for line in told} == {play.service.back_end.name}
    assert all(line["operation"] in play.service.back_end.operations and line["fault"] for line in told)
    calm(stage, service)
    good = ask(find_play(stage, service))
    assert good[-1].status in (200, 201), good[-1].body


@pytest.mark.parametrize("service", SERVICES)
def test_a_bad_answer_goes_nowhere(city: City, stage: Stage, service: str) -> None:
    """For each way to answer badly: a plain sentence and a code, a line for the operator, and nothing of the answer."""
    behaviours = list_operations(stage.offices[stage.services[service].back_end.name])[1]
    for behaviour in OF_REGISTRIES if behaviours else SPOILED:
        go_wrong(city, stage, service, behaviour)


def test_nothing_for_a_minute(city: City, stage: Stage) -> None:
    """Offices that say nothing for 60 s are left after the mapping's own time limit: a plain sentence and a code for everybody."""
    plays = [find_play(stage, service) for service in SERVICES]
    assert {play.service.back_end.connector for play in plays} == {"rest", "soap", "xml", "sql"}
    for play in plays:
        for operation in list_operations(play.office)[0]:
            arrange(play.office, operation, "silent")
    for play in plays:
        sign_in_again(stage, play)
    with ThreadPoolExecutor(12) as pool:  # fewer than the public app has threads
        replies = list(pool.map(lambda play: ask(play)[-1], plays))
    for play, reply in zip(plays, replies, strict=True):
        require_plain(reply, play)
        calm(stage, play.service.id)
    assert {play.service.id for play in plays if list_told(city, play.service.id, 0)} == set(SERVICES)


def test_no_application_is_lost(city: City, stage: Stage) -> None:
    """What was in doubt is asked for, and sent again only where it is absent: in the end every application is known at the office."""
    rows = city.read("SELECT DISTINCT application_id::text AS id FROM application_events")
    assert rows
    for _ in range(3):
        stage.pass_time(400)
        city.await_quiet()
    states = city.read(
        "SELECT DISTINCT ON (application_id) application_id::text AS id, state FROM application_events"
        " ORDER BY application_id, version DESC"
    )
    assert [row for row in states if row["state"] in (*DOUBTFUL, "declined", "intended")] == []


@pytest.mark.parametrize("service", SERVICES)
def test_the_good_way_shows_no_canary(stage: Stage, service: str) -> None:
    """After all that the whole journey holds, on the other platform."""
    calm(stage, service)
    play = find_play(stage, service, PlatformName.ALIPAY)
    journey = Journey(service, play.phone.platform, lambda _line: None, list)
    KINDS[play.service.kind](journey, stage, play)
    assert journey.ok


def test_no_canary_of_any_office_is_anywhere(city: City, stage: Stage) -> None:
    """Every canary of every office is looked for in all that platforms received, in all that phones got, and in all logs."""
    city.await_quiet()
    canaries = read_canaries({name: city.url(name) for name in city.offices})
    # others may have nothing to hide yet: the offices of cases before a case came, the face check, text messages, mail
    asked = {stage.services[service].back_end.name for service in SERVICES}
    assert [name for name in asked if not read_canaries({name: stage.offices[name]})] == []
    at_clients = b"\n".join(reply for phone in stage.phones.values() for reply in phone.received)
    at_servers = read_server_bytes(read_received(city.evidence_file))
    assert at_clients
    assert find_leaks(canaries, at_servers, at_clients) == []
    for file in (city.stack.places.home / "log").glob("*.log"):
        text = file.read_bytes()
        assert find_leaks(canaries, text, b"") == [], file.name
        assert not [mark for mark in MARKS if mark.encode() in text], file.name


def test_a_planted_canary_is_found(stage: Stage) -> None:
    """The search is able to fail: plain, percent-encoded, as JSON's escapes, in GBK, at a server and at a client."""
    canaries = read_canaries(stage.offices)
    for canary in [next(one for one in canaries if one.isascii()), next(one for one in canaries if not one.isascii())]:
        planted = {canary: "an office"}
        assert find_leaks(planted, canary.encode(), b"") == ["a canary of an office reached a platform's server"]
        assert find_leaks(planted, b"", b'{"x": "' + canary.encode() + b'"}') == [
            "a canary of an office reached a platform's client"
        ]
        assert find_leaks(planted, b"", canary.encode("gb18030"))
        assert find_leaks(planted, b"", canary.encode("unicode_escape"))
        quoted = "".join(f"%{byte:02X}" for byte in canary.encode())
        assert find_leaks(planted, read_server_bytes([{"target": f"/?x={quoted}", "body": ""}]), b"")
        assert find_leaks(planted, b"nothing", b"of it") == []
