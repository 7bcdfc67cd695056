"""The way to a witness: one request over the project's own HTTP client, and whatever comes back within its time and size."""

from __future__ import annotations

from adapters.http import HttpClient, HttpError
from services.cosigning import Reply, WitnessSilent

PURPOSE = "witness"
SECONDS = 3.0
"""How long the witness may take to answer: the sequencer waits for it between two batches."""
MAX_ANSWER = 65_536


class HttpWitness:
    """A witness at an address of the settings."""

    def __init__(self, url: str, seconds: float = SECONDS) -> None:
        self._url = url.rstrip("/")
        self._http = HttpClient(frozenset({self._url}), seconds, MAX_ANSWER, pool_size=1)

    def ask(self, body: bytes) -> Reply:
        """``add-checkpoint``. Raises ``WitnessSilent``."""
        return self.send("POST", "/add-checkpoint", body)

    def send(self, method: str, path: str, body: bytes = b"") -> Reply:
        """Any of its requests. Raises ``WitnessSilent`` for no whole answer, ``ConfigurationFault`` for no address."""
        headers = {"Content-Type": "text/plain; charset=utf-8"} if body else {}
        try:
            reply = self._http.send(PURPOSE, method, self._url + path, headers, body)
        except HttpError:
            raise WitnessSilent from None
        return Reply(reply.status, reply.headers.get("content-type", ""), reply.body)

    def close(self) -> None:
        """Close the idle connection."""
        self._http.close()
