"""The way to a back end that speaks over HTTP, on the project's one client: headers, proof of who we are, and honest failures."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.backends.authentication import SCHEMES, Authenticator, make_simple, read_identity
from adapters.backends.bus import BUS, Road, read_road
from adapters.backends.tokens import TokenDesk, make_token_headers
from adapters.backends.wire import PURPOSE, Facts, Reply, ReplyUnreadable, RequestUnwritable, Wire, Written
from adapters.http import HttpClient, HttpReply, HttpUnknown, HttpUnreachable
from services.errors import BackEndGarbled, BackEndOutcomeUnknown, BackEndRefused, BackEndUnreachable
from services.mapping import BackEndSpec, Call
from services.model import BackEndAddress
from services.ports import Clock, Secrets
from services.translation import UNWRITABLE, Request

UNAUTHORIZED = 401


class HttpLine:
    """Implements ``Line`` for a wire over HTTP."""

    def __init__(
        self, spec: BackEndSpec, address: BackEndAddress, http: HttpClient, secrets: Secrets, clock: Clock, wire: Wire
    ) -> None:
        self._spec = spec
        self._address = address
        self._http = http
        self._wire = wire
        self._identity = read_identity(spec.authentication, address, secrets)
        self._authenticate = self._make_authenticator(secrets, clock)
        rest = spec.connector == "rest"
        self._road: Road | None = read_road(address, with_code=True) if spec.bus == BUS and rest else None

    def _make_authenticator(self, secrets: Secrets, clock: Clock) -> Authenticator:
        authentication = self._spec.authentication
        if authentication.scheme in SCHEMES:
            return make_simple(authentication, self._address, secrets)
        desk = TokenDesk(self._address, self._http, self._identity, authentication.path)
        return make_token_headers(authentication, desk, secrets, clock)

    def require_usable(self, call: Call) -> None:
        """By the mapping's document."""
        self._wire.require_known(call)

    def rehearse(self, call: Call, request: Request, facts: Facts) -> None:
        """Write the request and send nothing."""
        self._write(call, request, facts)

    def describe(self, call: Call, request: Request) -> tuple[str, str]:
        """The method, and the address with the path."""
        return call.method, self._find_url(request.path)

    def knock(self, seconds: float) -> str:
        """``GET`` of the address alone, with our certificate if one is asked for and no other proof: any answer below 500 will do."""
        purpose, url = f"{PURPOSE}:{self._address.name}", self._address.url.rstrip("/") + "/"
        try:
            if self._identity is None:
                reply = self._http.send(purpose, "GET", url, {"Accept": "*/*"}, b"", seconds)
            else:
                reply = self._http.send(purpose, "GET", url, {"Accept": "*/*"}, b"", seconds, self._identity)
        except HttpUnreachable:
            return "no_connection"
        except HttpUnknown:
            return "no_answer"
        return "server_error" if reply.status >= 500 else ""

    def close(self) -> None:
        """The client is shared; nothing is held here."""

    def exchange(self, call: Call, request: Request, facts: Facts, seconds: float) -> Reply:
        """Send once; once more with a new token where the old one was refused, for then nothing was done."""
        written = self._write(call, request, facts)
        reply = self._send(call, written, facts, seconds)
        if 300 <= reply.status < 400:
            raise BackEndGarbled(f"{self._spec.name}, {call.name}: a redirect, which is never followed")
        try:
            return self._wire.read(call, reply, facts)
        except ReplyUnreadable as fault:
            raise BackEndGarbled(f"{self._spec.name}, {call.name}: {fault}") from None

    def _write(self, call: Call, request: Request, facts: Facts) -> Written:
        try:
            return self._wire.write(call, request, facts)
        except RequestUnwritable:
            raise BackEndRefused(UNWRITABLE) from None

    def _send(self, call: Call, written: Written, facts: Facts, seconds: float) -> HttpReply:
        proof = self._authenticate.list_headers(written.body, facts, seconds)
        reply = self._send_once(call, written, facts, proof, seconds)
        if reply.status == UNAUTHORIZED and self._authenticate.forget(proof):
            proof = self._authenticate.list_headers(written.body, facts, seconds)
            reply = self._send_once(call, written, facts, proof, seconds)
        return reply

    def _send_once(
        self, call: Call, written: Written, facts: Facts, proof: Mapping[str, str], seconds: float
    ) -> HttpReply:
        headers = {**self._list_headers(written, facts), **proof}
        purpose, url = f"{PURPOSE}:{self._address.name}", self._find_url(written.target)
        place = f"{self._spec.name}, {call.name}"
        try:
            if self._identity is None:
                return self._http.send(purpose, written.method, url, headers, written.body, seconds)
            return self._http.send(purpose, written.method, url, headers, written.body, seconds, self._identity)
        except HttpUnreachable:
            raise BackEndUnreachable(f"{place}: no connection") from None
        except HttpUnknown:
            raise BackEndOutcomeUnknown(f"{place}: no complete answer") from None

    def _list_headers(self, written: Written, facts: Facts) -> dict[str, str]:
        headers = {
            "X-Request-Id": facts.request_id,
            "Accept": written.accept or written.content_type.split(";")[0],
            **written.headers,
        }
        if facts.purpose:
            headers["X-Purpose"] = facts.purpose
        if facts.case_no:
            headers["X-Case-Number"] = facts.case_no
        if written.body:
            headers["Content-Type"] = written.content_type
        return headers | (self._road.list_headers(facts) if self._road is not None else {})

    def _find_url(self, target: str) -> str:
        prefix = self._road.prefix_path() if self._road is not None else ""
        return self._address.url.rstrip("/") + prefix + target
