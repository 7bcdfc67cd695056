"""A stand-in for redis-server where none is installed: ``python -m adapters.redis_stand_in --port N``, loopback, one machine only.

Its password is the first line of standard input. fakeredis knows AUTH and HELLO but answers whoever does not use them; here a
connection that does not begin with the password is closed.
"""

from __future__ import annotations

import argparse
import hmac
import socket
import sys
import time
from typing import Any

from fakeredis import TcpFakeServer

PATIENCE_SECONDS = 5.0
_LONGEST = 1024
_REFUSAL = b"-NOAUTH Authentication required.\r\n"


class LockedServer(TcpFakeServer):
    """fakeredis' server behind a password."""

    def __init__(self, address: tuple[str | bytes | bytearray, int], password: str) -> None:
        super().__init__(address, server_type="redis")
        self._password = password.encode()
        self.fake_server.config[b"requirepass"] = self._password

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Look at the first command without taking it: fakeredis reads it again and answers it."""
        words = await_first_command(request)
        if words is None or not hmac.compare_digest(find_password(words), self._password):
            request.sendall(_REFUSAL)
            return
        super().finish_request(request, client_address)


def await_first_command(connection: socket.socket) -> list[bytes] | None:
    """The words of the first command of a connection, still unread in it; None if none comes in time, or something else."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    connection.settimeout(PATIENCE_SECONDS)
    try:
        while time.monotonic() < deadline:
            seen = connection.recv(_LONGEST, socket.MSG_PEEK)
            words = read_command(seen)
            if words is not None or not seen.startswith(b"*") or len(seen) == _LONGEST:
                return words
            time.sleep(0.01)
    except OSError:
        return None
    finally:
        connection.settimeout(None)
    return None


def read_command(data: bytes) -> list[bytes] | None:
    """The words of a command as clients send it, an array of bulk strings (RESP); None if it is not complete or another thing."""
    lines = data.split(b"\r\n")
    if not lines[0].startswith(b"*") or not lines[0][1:].isdigit():
        return None
    count = int(lines[0][1:])
    sizes, words = lines[1 : 2 * count : 2], lines[2 : 2 * count + 1 : 2]
    if len(lines) < 2 * count + 2 or [b"$%d" % len(word) for word in words] != sizes:
        return None
    return words


def find_password(words: list[bytes]) -> bytes:
    """The password in ``AUTH [user] password`` or ``HELLO n AUTH user password``; empty in any other command."""
    name = words[0].upper() if words else b""
    if name == b"AUTH" and len(words) in (2, 3):
        return words[-1]
    if name == b"HELLO" and len(words) >= 5 and words[2].upper() == b"AUTH":
        return words[4]
    return b""


def main() -> None:
    """Serve until killed. Everything is held in memory and lost at the end, as anything in Redis may be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args().port
    password = sys.stdin.readline().strip()
    if not password:
        parser.error("a password is expected on standard input")
    with LockedServer(("127.0.0.1", port), password) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
