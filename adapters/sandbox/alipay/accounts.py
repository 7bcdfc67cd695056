"""The applications and the platform's own keys, read from the credentials that the portal made."""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from adapters.sandbox.alipay.model import Application, PlatformKey
from adapters.sandbox.alipay.signatures import certificate_sn, root_sn, split_certificates
from adapters.sandbox.keys import load_private, public_key_of

_CERTIFICATES = ("alipay_certificate", "alipay_next_certificate")
"""The one in force at the start, and the one that follows it (credentials of an earlier release have only the first)."""


class Accounts:
    """What the open platform has on file. A merchant's private key is read only to take its public half."""

    def __init__(self, folder: Path, credentials: dict[str, Any]) -> None:
        self.key = PlatformKey(_load_key((folder / "alipay_key.pem").resolve()))
        there = [name for name in _CERTIFICATES if (folder / f"{name}.crt").exists()]
        self.certificate_keys = [_load_certificate_key(folder, name) for name in there]
        self.certificate_key = self.certificate_keys[0]
        self._applications = {entry["app_id"]: entry for entry in credentials["apps"]}
        self._by_id = {app_id: _read_application(app_id, credentials["apps"]) for app_id in self._applications}

    def find(self, app_id: str) -> Application | None:
        """The application, or None."""
        return self._by_id.get(app_id)

    def replace(self, application: Application) -> None:
        """Put a changed application in the place of the one with its number (control)."""
        self._by_id[application.app_id] = application

    def key_for(self, certificates: bool, following: bool = False) -> PlatformKey:
        """The platform's key of a mode; ``following``: the certificate that is not in force."""
        if not certificates:
            return self.key
        others = [key for key in self.certificate_keys if key is not self.certificate_key]
        return others[0] if following and others else self.certificate_key

    def find_certificate(self, serial: object) -> PlatformKey | None:
        """One of the platform's certificates by its SN, in force or not, or None."""
        return next((key for key in self.certificate_keys if key.serial == serial), None)

    def rotate(self) -> PlatformKey:
        """Put the other certificate into force (control); gives it."""
        self.certificate_key = self.key_for(certificates=True, following=True)
        return self.certificate_key


def _read_application(app_id: str, entries: list[dict[str, Any]]) -> Application:
    """All entries of one application together: its sellers, its key, its certificate if one entry has it."""
    mine = [entry for entry in entries if entry["app_id"] == app_id]
    first = mine[0]
    certified = next((entry for entry in mine if entry["mode"] == "certificate"), None)
    certificate = root = None
    if certified is not None:
        certificate = split_certificates(Path(certified["app_certificate_file"]).read_text(encoding="utf-8"))[0]
        root = Path(certified["root_certificate_file"]).read_text(encoding="utf-8")
    return Application(
        app_id=app_id,
        identity=first.get("identity", "open_id"),
        sellers=tuple(entry["seller_id"] for entry in mine),
        templates=frozenset(template for entry in mine for template in entry["templates"].values()),
        public_key=_load_key(Path(first["private_key_file"]).resolve()).public_key(),
        aes_key=base64.b64decode(Path(first["aes_key_file"]).read_text(encoding="utf-8")),
        certificate_serial=certificate_sn(certificate) if certificate else None,
        root_serial=root_sn(root) if root else None,
        certificate_key=public_key_of(certificate) if certificate else None,
    )


def _load_certificate_key(folder: Path, name: str) -> PlatformKey:
    pem = (folder / f"{name}.crt").read_text(encoding="utf-8")
    private = _load_key((folder / f"{name}_key.pem").resolve())
    return PlatformKey(private, certificate_sn(split_certificates(pem)[0]), pem)


@cache
def _load_key(path: Path) -> rsa.RSAPrivateKey:
    """A key is loaded once per process: checking it takes longer than all that is done with it."""
    return load_private(path)
