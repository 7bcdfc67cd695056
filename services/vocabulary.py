"""The words of the exposure ledger, as a mapping and the desk may use them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.mapping import Texts


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of the exposure ledger, with what a citizen reads for them."""

    fields: Mapping[str, Texts]
    purposes: Mapping[str, Texts]
    personal: frozenset[str]
    directions: Mapping[str, Texts]
    outcomes: Mapping[str, Texts]
    recipients: Mapping[str, Texts] = field(default_factory=dict)
    """By platform: who receives what is shown there, and where to reach them (PIPL article 23)."""
