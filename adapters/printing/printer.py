"""Prints: a letter is set in type, given a code, and signed with its organ's seal. Only the worker has a printer."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from adapters.printing.certificate import draw_certificate
from adapters.printing.letter import draw_letter
from adapters.printing.seals import find_seal
from adapters.printing.signing import sign_pdf
from adapters.printing.typeface import Typeface
from services.case_ports import Letter

CERTIFICATE = "certificate"


class SealedPrinter:
    """Implements ``case_ports.Printer``. ``seals``: folder of seals; ``rare``: a font for characters that Noto has not."""

    def __init__(self, seals: Path | None, rare: Path | None = None) -> None:
        self._seals = seals
        self._typeface = Typeface(rare)

    def print(self, letter: Letter, signed_at: datetime) -> bytes:
        """See the port. The seal is looked for first: nothing is set that nobody could sign."""
        seal = find_seal(self._seals, letter.organ, signed_at)
        draw = draw_certificate if letter.kind == CERTIFICATE else draw_letter
        return sign_pdf(draw(letter, self._typeface, signed_at), seal, signed_at, letter.title)
