"""What stands where a part of the counter is not bound in this process: whoever needs it is told what is missing, and nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from services.errors import ConfigurationFault


class NoTextMessages:
    """``case_ports.TextMessages`` of a worker without a provider."""

    def send(self, phone: str, template: str, words: Mapping[str, str], message_id: str) -> NoReturn:  # noqa: ARG002 - the port's signature
        _refuse("a provider of text messages")

    def ask(self, message_id: str) -> NoReturn:  # noqa: ARG002 - the port's signature
        _refuse("a provider of text messages")


def _refuse(what: str) -> NoReturn:
    raise ConfigurationFault(f"{what}: none is bound here")
