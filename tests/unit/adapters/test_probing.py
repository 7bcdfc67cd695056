"""The census on real sockets: the running public app as a client asks it, pages behind links, offices that are there or away."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest
from werkzeug.serving import make_server
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from adapters.http import HttpClient, HttpError, HttpReply, HttpUnknown, HttpUnreachable
from adapters.probing import HttpLinkCheck, HttpPublicDoor
from adapters.reach import LOOPBACK, OpenReach
from adapters.sandbox.closed import DoorOfOffice
from adapters.sandbox.serving import QuietHandler
from services.census_ports import DoorSilent
from services.errors import PlatformAccountBlocked
from services.model import Language, PlatformApp, PlatformName
from tests.unit.adapters.backends.fake_line import connect
from tests.unit.gateway.fakes_edge import City, build_city

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

W, A, ZH = PlatformName.WECHAT, PlatformName.ALIPAY, Language.ZH_CN


@contextmanager
def serve(app: WSGIApplication) -> Iterator[str]:
    logging.getLogger("guitai.sandbox").setLevel(logging.CRITICAL)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def city() -> City:
    return build_city()


@contextmanager
def open_door(app: WSGIApplication) -> Iterator[HttpPublicDoor]:
    """The census in front of an app that listens."""
    with serve(app) as address, closing(HttpClient(frozenset({address}), 5.0)) as http:
        yield HttpPublicDoor(http, address, 5.0)


def app_of(city: City) -> PlatformApp:
    """Our mini-program on WeChat."""
    found = city.desk.directory.find_app(W, "wx1")
    assert found is not None
    return found


def test_a_door_that_answers(city: City) -> None:
    """The platform itself refuses a code that nobody was given, and everything on offer is listed with its form."""
    with open_door(city.guard) as door:
        assert door.knock(app_of(city)) == ""
        for platform in (W, A):
            offers = door.list_offers(platform, ZH)
            assert set(offers) == {one.id for one in city.desk.catalogue.services_on(platform)}
            gas = offers["gas-bill"]
            assert (gas.version, gas.paused, gas.inputs) == (1, False, frozenset({"household_no"}))
    assert city.platforms[W].told[-1][0] == "identify"


def test_nothing_of_a_person_is_left(city: City) -> None:
    """No account, no session, no record of something shown to somebody; the published bodies stand in the manifest."""
    with open_door(city.guard) as door:
        door.knock(app_of(city))
        door.list_offers(W, ZH)
    assert city.store.tables.persons == {}
    assert city.shown() == []
    assert {one.disclosure.actor for one in city.entered()} == {None}
    assert "offers/wechat/zh-CN" in city.desk.recorder.publication.manifest()


@pytest.mark.parametrize(
    ("behaviour", "code"), [("blocked", "platform_account_blocked"), ("unreachable", "platform_unreachable")]
)
def test_a_platform_that_does_not_let_us_ask(city: City, behaviour: str, code: str) -> None:
    """What the app says of it is what is found; and the census is not counted as a person turned away."""
    city.platforms[W].script.plan("identify", behaviour)
    with open_door(city.guard) as door:
        assert door.knock(app_of(city)) == code
    assert city.store.tables.counter.turned_away == {}
    assert PlatformAccountBlocked.code == "platform_account_blocked"


def test_nobody_is_there() -> None:
    """A port where nothing listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with closing(HttpClient(frozenset({address}), 2.0)) as http, pytest.raises(DoorSilent) as silent:
        HttpPublicDoor(http, address, 2.0).list_offers(W, ZH)
    assert silent.value.code == "no_connection"


def answer(body: bytes, status: int = 200) -> WSGIApplication:
    return Request.application(lambda _request: Response(body, status=status, content_type="application/json"))


def hang_up(*_: object) -> list[bytes]:
    raise ConnectionResetError


@pytest.mark.parametrize(
    ("app", "code"),
    [
        (hang_up, "no_answer"), (answer(b"<html>"), "garbled"), (answer(b"[]"), "garbled"),
        (answer(b'{"services": [{"service": "x"}]}'), "garbled"), (answer(b"{}", 500), "refused"),
        (answer(b'{"services": null}'), "garbled"), (answer(b"{" * 100_000), "garbled"),
    ],
)  # fmt: skip
def test_an_app_that_says_anything_at_all(app: WSGIApplication, code: str) -> None:
    """Whatever it is, it is no list of services, and the census says in one word why."""
    with open_door(app) as door, pytest.raises(DoorSilent) as silent:
        door.list_offers(W, ZH)
    assert silent.value.code == code


class Pages:
    """A site with a page of each sort; keeps what it was asked."""

    def __init__(self, elsewhere: str = "http://203.0.113.1/x") -> None:
        self.asked: list[tuple[str, str]] = []
        self.elsewhere = elsewhere

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        self.asked.append((request.method, request.path))
        return self._answer(request)(environ, start_response)

    def _answer(self, request: Request) -> Response:
        told = {"/gone": "/nowhere", "/here": "/page", "/away": self.elsewhere, "/round": "/round"}
        if request.path in told:
            return Response("", 302, {"Location": told[request.path]})
        if request.path == "/no-head":
            return Response("x" * 10 if request.method == "GET" else "", 200 if request.method == "GET" else 405)
        return Response("page", 200 if request.path == "/page" else 500 if request.path == "/broken" else 404)


def look(link: str, *hosts: str) -> str:
    """As the census does in demo and test: loopback may be reached."""
    reach = OpenReach(LOOPBACK)
    check = HttpLinkCheck(lambda origins: HttpClient(origins, 2.0, reach_of=lambda _: reach), 2.0)
    return check.look(link, frozenset(hosts))


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/page", ""), ("/here", ""), ("/no-head", ""), ("/nowhere", "dead"), ("/broken", "dead"), ("/gone", "dead"),
        ("/away", "moved"), ("/round", "dead"),
    ],
)  # fmt: skip
def test_pages_behind_links(path: str, found: str) -> None:
    """Alive, dead, or moved to a host that the mapping does not name; a redirect within the host is followed, three times at most."""
    pages = Pages()
    with serve(pages) as address:
        assert look(address + path, address.removeprefix("http://")) == found
    assert len(pages.asked) <= 5


def test_a_redirect_to_a_private_address_is_not_followed() -> None:
    """A page that sends us to another machine of this network gets no request there."""
    inner = Pages()
    with serve(inner) as private, serve(Pages(private + "/page")) as address:
        assert look(address + "/away", address.removeprefix("http://")) == "moved"
    assert inner.asked == []


def test_a_link_into_a_private_network_is_dead() -> None:
    """Where loopback is not listed, as in production, a mapping's text leads to no machine of ours."""
    pages = Pages()
    with serve(pages) as address:
        host = address.removeprefix("http://")
        check = HttpLinkCheck(lambda origins: HttpClient(origins, 2.0, reach_of=lambda _: OpenReach()), 2.0)
        assert check.look(address + "/page", frozenset({host})) == "dead"
        assert check.look(address.replace("127.0.0.1", "localhost") + "/page", frozenset({host})) == "moved"
    assert pages.asked == []


class Silent(HttpClient):
    """A client whose calls end as they are told; keeps what was asked."""

    def __init__(self, fault: type[HttpError]) -> None:
        super().__init__(frozenset())
        self.fault, self.asked = fault, list[str]()

    def send(self, purpose: str, method: str, *_: object, **__: object) -> HttpReply:
        """See the client."""
        self.asked.append(method)
        raise self.fault(purpose)


@pytest.mark.parametrize(("fault", "asked"), [(HttpUnreachable, ["HEAD"]), (HttpUnknown, ["HEAD", "GET"])])
def test_a_host_that_is_not_there_is_asked_once(fault: type[HttpError], asked: list[str]) -> None:
    """A server that hangs up on ``HEAD`` may know ``GET``; where nobody is there, a second wait tells nothing more."""
    client = Silent(fault)
    assert HttpLinkCheck(lambda _: client, 2.0).look("http://here/page", frozenset({"here"})) == "dead"
    assert client.asked == asked


@pytest.mark.parametrize("link", ["http://[::1", "http://user:pw@127.0.0.1:1/", "http://127.0.0.1:99999/"])
def test_a_link_that_is_none(link: str) -> None:
    """Is dead or leads elsewhere, and raises nothing."""
    assert look(link, link.removeprefix("http://").rstrip("/")) in ("dead", "moved")


def test_an_office_that_is_closed() -> None:
    """Closed by its control page it answers nobody, which the knock tells apart from a refused connection and from a fault of its own."""
    door = DoorOfOffice(answer(b"{}", 404))
    control = Client(door)
    with serve(door) as address:
        back_end = connect("gas-bill", HttpClient(frozenset({address}), 2.0), address)
        assert back_end.knock(2.0) == {"gas-company": ""}
        assert control.post("/_sandbox/control/closed", json={"closed": True}).status_code == 200
        assert back_end.knock(2.0) == {"gas-company": "no_answer"}
        assert control.get("/_sandbox/control/closed").get_json() == {"closed": True}
        control.post("/_sandbox/control/closed", json={"closed": False})
        assert back_end.knock(2.0) == {"gas-company": ""}
    assert back_end.knock(2.0) == {"gas-company": "no_connection"}
    with serve(answer(b"{}", 503)) as address:
        back_end = connect("gas-bill", HttpClient(frozenset({address}), 2.0), address)
        assert back_end.knock(2.0) == {"gas-company": "server_error"}


@pytest.mark.parametrize("told", [{"closed": "yes"}, {}, {"closed": True, "more": 1}, []])
def test_a_control_request_that_says_something_else(told: object) -> None:
    """Is refused, and the office stays open."""
    door = Client(DoorOfOffice(answer(b"{}", 200)))
    assert (
        door.post("/_sandbox/control/closed", data=json.dumps(told), content_type="application/json").status_code == 400
    )
    assert door.get("/x").status_code == 200
