"""What stands where a part of the counter is not bound in this process: whoever needs it is told what is missing, and nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NoReturn
from uuid import UUID

from services.case_ports import Letter, Slip
from services.errors import ConfigurationFault
from services.model import JsonValue


class NoFileStore:
    """``case_ports.FileStore`` of a process that keeps no files."""

    def put(self, agency_id: UUID, content: bytes) -> NoReturn:  # noqa: ARG002 - the port's signature
        _refuse("a store for files")

    def get(self, agency_id: UUID, digest: str) -> NoReturn:  # noqa: ARG002 - the port's signature
        _refuse("a store for files")


class NoSlipPress:
    """``case_ports.SlipPress`` of a process that signs nothing."""

    def sign(self, slip: Slip) -> NoReturn:  # noqa: ARG002 - the port's signature
        _refuse("keys for slips")

    def read(self, text: str, now: datetime) -> NoReturn:  # noqa: ARG002 - the port's signature
        _refuse("keys for slips")

    def public_keys(self) -> JsonValue:
        _refuse("keys for slips")


class NoPrinter:
    """``case_ports.Printer`` of a worker that prints nothing."""

    def print(self, letter: Letter, signed_at: datetime) -> NoReturn:  # noqa: ARG002 - the port's signature
        _refuse("a printer for documents")


class NoTextMessages:
    """``case_ports.TextMessages`` of a worker without a provider."""

    def send(self, phone: str, template: str, words: Mapping[str, str], message_id: str) -> NoReturn:  # noqa: ARG002 - the port's signature
        _refuse("a provider of text messages")

    def ask(self, message_id: str) -> NoReturn:  # noqa: ARG002 - the port's signature
        _refuse("a provider of text messages")


def _refuse(what: str) -> NoReturn:
    raise ConfigurationFault(f"{what}: none is bound here")
