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


class Accounts:
    """What the open platform has on file. A merchant's private key is read only to take its public half."""

    def __init__(self, folder: Path, credentials: dict[str, Any]) -> None:
        self.key = PlatformKey(_load_key((folder / "alipay_key.pem").resolve()))
        self.certificate_key = self._load_certificate_key(folder)
        self._applications = {entry["app_id"]: entry for entry in credentials["apps"]}
        self._by_id = {app_id: _read_application(app_id, credentials["apps"]) for app_id in self._applications}

    @staticmethod
    def _load_certificate_key(folder: Path) -> PlatformKey:
        pem = (folder / "alipay_certificate.crt").read_text(encoding="utf-8")
        certificate = split_certificates(pem)[0]
        return PlatformKey(
            _load_key((folder / "alipay_certificate_key.pem").resolve()), certificate_sn(certificate), pem
        )

    def find(self, app_id: str) -> Application | None:
        """The application, or None."""
        return self._by_id.get(app_id)

    def replace(self, application: Application) -> None:
        """Put a changed application in the place of the one with its number (control)."""
        self._by_id[application.app_id] = application

    def key_for(self, certificates: bool) -> PlatformKey:
        """The platform's key of a mode."""
        return self.certificate_key if certificates else self.key


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


@cache
def _load_key(path: Path) -> rsa.RSAPrivateKey:
    """A key is loaded once per process: checking it takes longer than all that is done with it."""
    return load_private(path)
