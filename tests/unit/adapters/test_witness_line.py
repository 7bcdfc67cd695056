"""The way to a witness: nobody there, one that never answers, one that drips or floods: silent, and soon."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress

import pytest

from adapters.witness_line import MAX_ANSWER, HttpWitness
from services.cosigning import WitnessSilent


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (MAX_ANSWER + 1),
        None,
    ],
)
def test_no_whole_answer_in_time_is_silence(answer: bytes | None) -> None:
    """The sequencer waits no longer than it says, whatever the other side does."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        if answer is None:
            server.close()
        held: list[socket.socket] = []

        def serve() -> None:
            with suppress(OSError):
                peer, _ = server.accept()
                held.append(peer)
                peer.recv(65_536)
                peer.sendall(answer or b"")

        thread = threading.Thread(target=serve)
        thread.start()
        line, began = HttpWitness(url, seconds=0.3), time.monotonic()
        with pytest.raises(WitnessSilent):
            line.ask(b"old 0\n\nx")
        assert time.monotonic() - began < 5
        line.close()
        for peer in held:
            peer.close()
        thread.join(10)
