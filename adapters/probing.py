"""The census's two ways out, on the project's one client: our own public app as a client asks it, and pages that a mapping's texts name.

Of a page only hosts are asked that the mapping itself names, public ones alone (in demo and test loopback too); a redirect is followed by
hand, to such a host and nowhere else, so that no text can send us into a private network.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from adapters.http import HttpClient, HttpError, HttpReply, HttpUnreachable
from services.census_ports import DoorSilent, Offer
from services.errors import ConfigurationFault
from services.model import Language, PlatformApp, PlatformName
from services.turned_away import KNOCK

PUBLIC, LINK = "census_public", "census_link"
"""Purposes of the client's allow-lists."""
EXPECTED = "login_code_refused"
"""What the app answers to a code that nobody was given, once the platform has said so."""
MOST_HOPS = 3
UNSUPPORTED = frozenset({400, 403, 404, 405, 406, 501})
"""Answers to ``HEAD`` that some servers give for any ``HEAD``: the page is asked for then."""


class HttpPublicDoor:
    """Implements ``census_ports.PublicDoor``."""

    def __init__(self, http: HttpClient, public_url: str, seconds: float = 10.0) -> None:
        self._http = http
        self._root = public_url.rstrip("/")
        self._seconds = seconds

    def knock(self, app: PlatformApp) -> str:
        """``POST /v1/sessions`` with a code of our own making."""
        body = {"platform": str(app.platform), "app_id": app.app_id, "code": KNOCK + secrets.token_hex(12)}
        reply = self._send("POST", "/v1/sessions", Language.EN, json.dumps(body).encode())
        if reply.status in (500, 503) and not reply.headers.get("content-type", "").startswith("application/json"):
            raise DoorSilent("refused")
        code = _read_object(reply).get("code")
        if not isinstance(code, str):
            raise DoorSilent("garbled")
        return "" if code == EXPECTED else code

    def list_offers(self, platform: PlatformName, language: Language) -> Mapping[str, Offer]:
        """``GET /v1/offers/{platform}``."""
        reply = self._send("GET", f"/v1/offers/{platform}", language, b"")
        if reply.status != 200:
            raise DoorSilent("refused")
        try:
            return {one.service: one for one in map(_read_offer, _read_object(reply)["services"])}
        except (KeyError, TypeError, ValueError):
            raise DoorSilent("garbled") from None

    def _send(self, method: str, path: str, language: Language, body: bytes) -> HttpReply:
        headers = {"Accept": "application/json", "Accept-Language": str(language)}
        if body:
            headers["Content-Type"] = "application/json"
        try:
            return self._http.send(PUBLIC, method, self._root + path, headers, body, self._seconds)
        except HttpUnreachable:
            raise DoorSilent("no_connection") from None
        except HttpError:
            raise DoorSilent("no_answer") from None


def _read_object(reply: HttpReply) -> dict[str, Any]:
    try:
        found = json.loads(reply.body)
    except (ValueError, RecursionError):
        raise DoorSilent("garbled") from None
    if not isinstance(found, dict):
        raise DoorSilent("garbled")
    return found


def _read_offer(told: Mapping[str, Any]) -> Offer:
    names = frozenset(str(one["name"]) for one in told["inputs"])
    return Offer(str(told["service"]), int(told["version"]), told["off"] is not None, names)


class HttpLinkCheck:
    """Implements ``census_ports.LinkCheck``. ``open_client`` makes a client that reaches these origins and no others."""

    def __init__(self, open_client: Callable[[frozenset[str]], HttpClient], seconds: float = 8.0) -> None:
        self._open_client = open_client
        self._seconds = seconds

    def look(self, link: str, hosts: frozenset[str]) -> str:
        """``HEAD``, or ``GET`` where a server does not know it; at most three redirects, within ``hosts``."""
        origins = frozenset(f"{scheme}://{host}" for host in hosts for scheme in ("http", "https"))
        with closing(self._open_client(origins)) as http:
            try:
                return self._follow(http, link, hosts)
            except ValueError:
                return "dead"  # no address at all, there or in a redirect

    def _follow(self, http: HttpClient, link: str, hosts: frozenset[str]) -> str:
        address = link
        for _hop in range(MOST_HOPS + 1):
            parts = urlsplit(address)
            if parts.netloc.lower() not in hosts or parts.scheme not in ("http", "https"):
                return "moved"
            reply = self._ask(http, address)
            if reply is None or reply.status >= 400:
                return "dead"
            if not 300 <= reply.status < 400:
                return ""
            address = urljoin(address, reply.headers.get("location", ""))
        return "dead"

    def _ask(self, http: HttpClient, address: str) -> HttpReply | None:
        target = quote(address.partition("#")[0], safe=":/?&=%+,;@!$'()*~[]-._")
        try:
            reply = http.send(LINK, "HEAD", target, {"Accept": "*/*"}, b"", self._seconds)
        except (HttpUnreachable, ConfigurationFault):
            return None  # where no byte left, none leaves for a second request: one silent host does not take the time of two
        except HttpError:
            reply = None
        if reply is None or reply.status in UNSUPPORTED:
            return self._get(http, target)
        return reply

    def _get(self, http: HttpClient, target: str) -> HttpReply | None:
        try:
            return http.send(LINK, "GET", target, {"Accept": "*/*"}, b"", self._seconds)
        except (HttpError, ConfigurationFault):
            return None
