"""Who we are and whom we trust in TLS, from secrets in memory: a client certificate with its key, and own authorities.

OpenSSL reads keys from files only. On Linux the file is one in memory that has no name (memfd); elsewhere it is a file of its owner
alone in a folder of its owner alone, removed as soon as it was read.
"""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from services.errors import ConfigurationFault


@dataclass(frozen=True, slots=True)
class TlsIdentity:
    """PEM texts: our certificate chain (ours first) with its key, and the authorities that vouch for the other side.

    Either part may be empty: without authorities the public ones count. Nothing of it stands in ``repr``.
    """

    certificate: bytes = field(default=b"", repr=False)
    key: bytes = field(default=b"", repr=False)
    authorities: bytes = field(default=b"", repr=False)


def make_context(identity: TlsIdentity) -> ssl.SSLContext:
    """A client's context: TLS 1.2 or later, certificate and host name verified. Raises ``ConfigurationFault`` for unusable PEM."""
    try:
        context = ssl.create_default_context(cadata=identity.authorities.decode("ascii") or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if identity.certificate:
            with hold_file(identity.certificate) as chain, hold_file(identity.key) as key:
                context.load_cert_chain(chain, key, password=_refuse_password)
    except (ssl.SSLError, UnicodeDecodeError, ValueError):
        raise ConfigurationFault(
            "a client certificate, its key or an authority is not usable PEM, or they do not belong together"
        ) from None
    return context


@contextmanager
def hold_file(content: bytes) -> Iterator[str]:
    """A path at which ``content`` can be read while the block lasts."""
    if not hasattr(os, "memfd_create"):
        with _hold_on_disk(content) as path:
            yield path
        return
    descriptor = os.memfd_create("guitai", os.MFD_CLOEXEC)
    try:
        os.fchmod(descriptor, 0o600)
        os.write(descriptor, content)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


@contextmanager
def _hold_on_disk(content: bytes) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="guitai-") as folder:
        path = Path(folder) / "held.pem"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        yield str(path)


def _refuse_password() -> bytes:
    """A key under a password would make OpenSSL ask at the terminal."""
    raise ValueError("a key under a password")
