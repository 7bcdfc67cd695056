"""Rules of adapters/tls.py: a client certificate from secrets in memory, authorities of one's own, always verified."""

from __future__ import annotations

import os
import re
import socket
import ssl
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from adapters.http import HttpClient, HttpError, HttpUnreachable
from adapters.tls import TlsIdentity, hold_file, make_context
from services.errors import ConfigurationFault
from tests.authorities import Authority

SERVERS, CLIENTS = Authority("servers"), Authority("clients")
CERTIFICATE, KEY = CLIENTS.issue_client("counter")


@contextmanager
def serve_tls(folder: Path, host: str = "127.0.0.1", *, demand: bool = True) -> Iterator[tuple[str, list[str]]]:
    """A TLS server that demands a client certificate; the names of those who were let in."""
    for name, content in SERVERS.issue_server(host).items():
        (folder / name).write_bytes(content)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    if demand:
        context.load_verify_locations(cadata=CLIENTS.certificate.decode())
        context.verify_mode = ssl.CERT_REQUIRED
    names: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)
        done = threading.Event()

        def work() -> None:
            while not done.is_set():
                with (
                    suppress(OSError),
                    listener.accept()[0] as peer,
                    context.wrap_socket(peer, server_side=True) as inside,
                ):
                    inside.recv(65536)
                    names.append(
                        "".join(re.findall(r"'commonName', '(.*?)'", str((inside.getpeercert() or {}).get("subject"))))
                    )
                    inside.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield f"https://127.0.0.1:{listener.getsockname()[1]}", names
        finally:
            done.set()
            with suppress(OSError):
                socket.create_connection(listener.getsockname(), 1).close()
            thread.join(6)


def ask(url: str, identity: TlsIdentity | None) -> bytes:
    client = HttpClient(frozenset({url}), 3)
    try:
        return client.send("back_end:x", "GET", url + "/", {}, identity=identity).body
    finally:
        client.close()


def test_a_server_that_demands_a_certificate_lets_us_in(tmp_path: Path) -> None:
    """It sees the name in the certificate that the mapping's address binds."""
    with serve_tls(tmp_path) as (url, names):
        assert ask(url, TlsIdentity(CERTIFICATE, KEY, SERVERS.certificate)) == b"ok"
    assert names == ["counter"]


def test_without_a_certificate_or_with_a_stranger_s_nobody_is_let_in(tmp_path: Path) -> None:
    """The answer never comes."""
    stranger = Authority("strangers").issue_client("counter")
    with serve_tls(tmp_path) as (url, names):
        for certificate, key in [(b"", b""), stranger]:
            with pytest.raises(HttpError):
                ask(url, TlsIdentity(certificate, key, SERVERS.certificate))
    assert names == []


def test_own_authorities_count_in_place_of_the_public_ones(tmp_path: Path) -> None:
    """A server that only its own authority vouches for is not trusted by default, and no other authority helps."""
    with serve_tls(tmp_path, demand=False) as (url, names):
        assert ask(url, TlsIdentity(authorities=SERVERS.certificate)) == b"ok"
        for identity in (None, TlsIdentity(authorities=CLIENTS.certificate), TlsIdentity(CERTIFICATE, KEY)):
            with pytest.raises(HttpUnreachable):
                ask(url, identity)
    assert len(names) == 1


def test_the_name_of_the_server_is_verified(tmp_path: Path) -> None:
    """A certificate for another host is none, whoever issued it."""
    with serve_tls(tmp_path, "registry.city.example", demand=False) as (url, names), pytest.raises(HttpUnreachable):
        ask(url, TlsIdentity(authorities=SERVERS.certificate))
    assert names == []


def test_a_connection_of_one_identity_serves_no_other(tmp_path: Path) -> None:
    """Each has a pool of its own."""
    other = CLIENTS.issue_client("other")
    with serve_tls(tmp_path) as (url, names):
        client = HttpClient(frozenset({url}), 3)
        for certificate, key in [(CERTIFICATE, KEY), other, (CERTIFICATE, KEY)]:
            client.send("back_end:x", "GET", url + "/", {}, identity=TlsIdentity(certificate, key, SERVERS.certificate))
        client.close()
    assert names == ["counter", "other", "counter"]


@pytest.mark.parametrize(
    "identity",
    [
        TlsIdentity(b"no PEM", KEY),
        TlsIdentity(CERTIFICATE, b"no PEM"),
        TlsIdentity(CERTIFICATE, b""),
        TlsIdentity(CERTIFICATE, CLIENTS.issue_client("other")[1]),
        TlsIdentity(authorities=b"no PEM"),
        TlsIdentity(authorities="名".encode()),
        TlsIdentity(CERTIFICATE, b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n"),
    ],
    ids=["certificate", "key", "no key", "another key", "authority", "not ASCII", "password"],
)
def test_unusable_pem_is_named_without_a_word_of_it(identity: TlsIdentity) -> None:
    """At the start, not at the first citizen; a key under a password asks nobody for it."""
    with pytest.raises(ConfigurationFault, match="usable PEM"):
        make_context(identity)


def test_nothing_of_it_is_shown() -> None:
    """A representation ends in logs."""
    assert repr(TlsIdentity(CERTIFICATE, KEY, SERVERS.certificate)) == "TlsIdentity()"


def test_old_versions_of_tls_are_not_spoken() -> None:
    """TLS 1.2 is the least, and certificate and name are checked."""
    context = make_context(TlsIdentity())
    assert (context.minimum_version, context.verify_mode, context.check_hostname) == (
        ssl.TLSVersion.TLSv1_2, ssl.CERT_REQUIRED, True,
    )  # fmt: skip


@pytest.mark.parametrize("memory", [True, False])
def test_a_held_file_is_its_owner_s_alone_and_gone_afterwards(monkeypatch: pytest.MonkeyPatch, *, memory: bool) -> None:
    """In memory where the system can, else in a folder of its own."""
    if not memory:
        monkeypatch.delattr(os, "memfd_create", raising=False)
    with hold_file(b"secret") as path:
        assert Path(path).read_bytes() == b"secret"
        assert stat.S_IMODE(Path(path).stat().st_mode) == 0o600
        assert path.startswith("/proc/self/fd/") == memory
    if not memory:
        assert not Path(path).parent.exists()
