"""Rules of adapters/reach.py: which addresses may be reached, and that the judged one is the one that is connected to."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.http import HttpClient, HttpUnreachable
from adapters.reach import LOOPBACK, AddressRefused, Reach, cut_after, open_socket, unwrap_address
from services.errors import ConfigurationFault

PRIVATE = [
    "127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "169.254.0.1", str(ipaddress.IPv4Address(0)),
    "100.64.0.1", "198.18.0.1", "192.0.2.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1",
    "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "64:ff9b::7f00:1", "2002:a9fe:a9fe::1", "2001:db8::1",
]  # fmt: skip
PUBLIC = ["114.114.114.114", "8.8.8.8", "2400:3200::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_refused(address: str) -> None:
    """Loopback, RFC 1918, link-local with the metadata service, ULA, shared, documentation, multicast, also inside IPv6."""
    assert not Reach().permits("host.example", ipaddress.ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_permitted(address: str) -> None:
    """Without any entry."""
    assert Reach().permits("host.example", ipaddress.ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_without_tls_a_public_address_is_refused_too(address: str) -> None:
    """What a machine in between could read and change is sent to listed machines only."""
    found = ipaddress.ip_address(address)
    assert not Reach().permits("host.example", found, tls=False)
    assert Reach(["host.example"]).permits("host.example", found, tls=False)


def test_a_network_or_a_name_opens_what_it_says() -> None:
    """A network for every name; a name for whatever it leads to, but never to the metadata service."""
    reach = Reach(["10.1.0.0/16", "registry.city.example"])
    inside, outside, metadata = map(ipaddress.ip_address, ("10.1.2.3", "10.2.2.3", "169.254.169.254"))
    assert reach.permits("any.example", inside)
    assert not reach.permits("any.example", outside)
    assert reach.permits("Registry.City.Example", outside)
    assert not reach.permits("registry.city.example", metadata)
    assert Reach(["169.254.169.254/32"]).permits("any.example", metadata)


@given(st.ip_addresses(v=4))
def test_an_address_means_the_same_in_every_disguise(address: ipaddress.IPv4Address) -> None:
    """Mapped, translated, by NAT64 and by 6to4 it is judged as what it is."""
    number, reach = int(address), Reach()
    forms = (0xFFFF_0000_0000 | number, 0xFFFF_0000_0000_0000 | number, (0x64_FF9B << 96) | number)
    for disguise in (*forms, (0x2002 << 112) | (number << 80)):
        wrapped = ipaddress.IPv6Address(disguise)
        assert unwrap_address(wrapped) == address
        assert reach.permits("h", wrapped) == reach.permits("h", address)


@pytest.mark.parametrize(
    "text",
    [
        "::127.0.0.1",
        "::10.0.0.1",
        "64:ff9b:1::a00:1",
        "64:ff9b:1:ffff::7f00:1",
        "fec0::1",
        "5f00::1",
        "3fff::1",
        "192.0.0.8",
    ],
)
def test_what_the_library_takes_for_public_and_is_not(text: str) -> None:
    """IPv4 inside IPv6 as it was once written, a network's own NAT64, site-local addresses, segments, documentation, the dummy address."""
    assert not Reach().permits("h", ipaddress.ip_address(text))


@pytest.mark.parametrize(
    "url",
    [
        "http://8.8.8.8/",
        "http://127.0.0.1:1/x",
        "https://169.254.169.254/",
        "https://[::1]/",
        "postgresql://10.0.0.1/x",
    ],
)
def test_a_private_address_in_a_url_is_seen_at_the_start(url: str) -> None:
    """Names are judged when they are connected to."""
    with pytest.raises(ConfigurationFault, match="GUITAI_PRIVATE_BACK_ENDS"):
        Reach().require_plausible(url)
    Reach(["8.8.8.8", "127.0.0.0/8", "169.254.0.0/16", "::1", "10.0.0.0/8"]).require_plausible(url)
    Reach().require_plausible("https://registry.city.example/")


def test_a_name_that_leads_to_a_private_address_is_not_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """Through the HTTP client: nothing is sent, and the message says neither name nor address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        answers: list[Any] = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_named: answers)
        url = f"http://registry.city.example:{port}"
        client = HttpClient(frozenset({url}), 1, reach_of=lambda _purpose: Reach())
        with pytest.raises(HttpUnreachable, match="an address that may not be reached") as caught:
            client.send("back_end:x", "GET", url + "/secret", {})
        assert "registry" not in str(caught.value)
        listener.settimeout(0.1)
        with pytest.raises(TimeoutError):
            listener.accept()
        with open_socket("registry.city.example", port, 1, Reach(["registry.city.example"])):
            listener.accept()[0].close()
        client.close()


def test_a_name_is_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second answer, which could be another one, is never asked for: what was judged is what is connected to."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port, asked = listener.getsockname()[1], []

        def change_one_s_mind(host: str, *_arguments: Any, **_named: Any) -> list[Any]:
            asked.append(host)
            return [
                (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1" if len(asked) == 1 else "127.0.0.2", port))
            ]

        monkeypatch.setattr(socket, "getaddrinfo", change_one_s_mind)
        with open_socket("a.example", port, 1, Reach(LOOPBACK)) as peer:
            assert peer.getpeername()[0] == "127.0.0.1"
        assert asked == ["a.example"]


def test_only_the_permitted_ones_of_several_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A private one beside a listed one is passed over, and all private ones are a refusal."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("10.0.0.1", "127.0.0.1")]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_named: found)
        with open_socket("a.example", port, 1, Reach(LOOPBACK)) as peer:
            assert peer.getpeername()[0] == "127.0.0.1"
        with pytest.raises(AddressRefused):
            open_socket("a.example", port, 1, Reach())


def test_a_silent_peer_is_cut_off() -> None:
    """Whoever waits for it sees the end of the connection; a block that ends in time cuts nothing."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        with cut_after(ours.fileno(), 5):
            theirs.sendall(b"x")
            assert ours.recv(1) == b"x"
        started = time.monotonic()
        with cut_after(ours.fileno(), 0.1):
            assert ours.recv(1) == b""
        assert time.monotonic() - started < 2
    with cut_after(None, 0):
        pass


def test_no_thread_is_left_behind() -> None:
    """A timer ends with its block."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        before = threading.active_count()
        for _ in range(20):
            with cut_after(ours.fileno(), 60):
                pass
        time.sleep(0.2)
        assert threading.active_count() <= before + 1
