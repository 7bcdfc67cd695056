"""Which machines our servers may connect to: public addresses, and those private ones that this environment lists.

An address book is data. Whoever can change it must not be able to turn a connector into a way into the server room (loopback, RFC 1918,
link-local with the metadata service 169.254.169.254, unique local addresses). A name is resolved once, each address found is
judged, and the connection goes to an address that was judged: a name that changes its mind in between (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from services.errors import ConfigurationFault

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

LOOPBACK = ("127.0.0.0/8", "::1/128", "localhost")
"""What demo and test may always reach."""
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""RFC 6052: the last 32 bits are an IPv4 address."""
HOLDING_IPV4 = (NAT64, ipaddress.IPv6Network("::/96"), ipaddress.IPv6Network("::ffff:0:0:0/96"))
"""The same for IPv4-compatible (RFC 4291 §2.5.5.1, given up) and IPv4-translated addresses (RFC 7915)."""
NEVER_PUBLIC: tuple[IpNetwork, ...] = tuple(
    ipaddress.ip_network(text) for text in ("fec0::/10", "64:ff9b:1::/48", "5f00::/16", "3fff::/20", "192.0.0.0/24")
)
"""Not public, whatever the library's own table knows of them: site-local (RFC 3879), a network's own NAT64 (RFC 8215), segments (RFC 9602),
documentation (RFC 9637), protocol assignments (RFC 6890)."""


class AddressRefused(OSError):
    """The name leads only to addresses that may not be reached in this way. Nothing was connected to."""


class Reach:
    """The private machines that may be reached: networks (CIDR) and host names. Public addresses always may.

    A listed name covers whatever it resolves to, except link-local addresses: those need their network to be listed. Without TLS a public
    address is reached no more than a private one: only if it is listed.
    """

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        self._networks: list[IpNetwork] = []
        self._hosts: set[str] = set()
        for entry in allowed:
            try:
                self._networks.append(ipaddress.ip_network(entry))
            except ValueError:
                self._hosts.add(entry.lower())

    def permits(self, host: str, address: IpAddress, *, tls: bool = True) -> bool:
        """Whether a connection made for ``host``, with TLS or without, may go to ``address``."""
        inner = unwrap_address(address)
        if tls and is_public(inner):
            return True
        if any(inner in network for network in self._networks):
            return True
        return host.lower() in self._hosts and not (inner.is_link_local or inner.is_multicast)

    def require_plausible(self, url: str) -> None:
        """Raise ``ConfigurationFault`` for a URL whose host is written as an address that may not be reached."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return
        if not self.permits(host, address, tls=parts.scheme != "http"):
            raise ConfigurationFault("its address is private or without TLS, and not in GUITAI_PRIVATE_BACK_ENDS")

    def permits_local_sockets(self) -> bool:
        """Whether a Unix socket of this machine may be used: where loopback may."""
        return self.permits("localhost", ipaddress.IPv4Address("127.0.0.1"))


class OpenReach(Reach):
    """For pages that anybody may read, of which nothing secret is asked: public addresses also without TLS, private ones only if listed."""

    def permits(self, host: str, address: IpAddress, *, tls: bool = True) -> bool:
        """See ``Reach``."""
        del tls
        return super().permits(host, address, tls=True)


EVERYWHERE = Reach(["0.0.0.0/0", "::/0"])
"""No limit: for callers whose peers are fixed in other ways."""


def is_public(address: IpAddress) -> bool:
    """Whether an address (unwrapped) is one of the open network."""
    return address.is_global and not address.is_multicast and not any(address in network for network in NEVER_PUBLIC)


def unwrap_address(address: IpAddress) -> IpAddress:
    """The IPv4 address inside an IPv6 one (mapped, 6to4, NAT64), for that is where the packets end."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address.sixtofour is not None:
            return address.sixtofour
        if any(address in network for network in HOLDING_IPV4) and int(address) > 1:
            return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def find_addresses(host: str, port: int, reach: Reach, *, tls: bool = True) -> list[tuple[int, str]]:
    """(family, address) of each address of ``host`` that may be reached, in the resolver's order.

    Raises ``AddressRefused`` if none may be, ``OSError`` if the name does not resolve.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    pairs = dict.fromkeys((int(family), str(address[0])) for family, _, _, _, address in found)
    usable = [pair for pair in pairs if reach.permits(host, ipaddress.ip_address(pair[1].partition("%")[0]), tls=tls)]
    if not usable:
        raise AddressRefused("no address that may be reached")
    return usable


def open_socket(
    host: str,
    port: int,
    seconds: float | None,
    reach: Reach,
    options: Sequence[tuple[int, int, Any]] = (),
    *,
    tls: bool = True,
) -> socket.socket:
    """A TCP connection to one of the judged addresses, in turn until one answers. Raises ``AddressRefused`` or another ``OSError``."""
    ends_at = None if seconds is None else time.monotonic() + seconds
    failure: OSError = OSError("no address")
    for family, address in find_addresses(host, port, reach, tls=tls):
        peer = socket.socket(family, socket.SOCK_STREAM)
        try:
            for option in options:
                peer.setsockopt(*option)
            peer.settimeout(None if ends_at is None else max(ends_at - time.monotonic(), 0.001))
            peer.connect((address, port))
        except OSError as error:
            peer.close()
            failure = error
        else:
            peer.settimeout(seconds)
            return peer
    raise failure


@contextmanager
def cut_after(descriptor: int | None, seconds: float) -> Iterator[None]:
    """Shut a connection down if the block takes longer: whoever waits for a silent or dripping peer then sees its end.

    ``descriptor`` must stay open until the block ends; None cuts nothing.
    """
    if descriptor is None:
        yield
        return
    lock, running = threading.Lock(), [True]

    def cut() -> None:
        with lock:
            if running:
                with suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as peer:
                    peer.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        with lock:
            running.clear()
        timer.cancel()
