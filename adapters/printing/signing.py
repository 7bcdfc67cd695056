"""Signs a PDF with an organ's seal: PAdES B-B (ETSI EN 319 142-1) through pyHanko. Only the worker imports this.

B-B says who signed and that nothing was changed since. B-T would add a time stamp of a third party, which needs a time-stamping service
within reach; the moment in the signature is our own clock's, and the slip on the document says the same under another key.
"""

from __future__ import annotations

import hashlib
import io
from datetime import datetime
from typing import Any

from asn1crypto.keys import PrivateKeyInfo
from asn1crypto.x509 import Certificate
from pyhanko.pdf_utils.generic import ArrayObject, ByteStringObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

from adapters.printing.seals import Seal
from services.errors import ConfigurationFault

FIELD = "Seal"


class _Writer(IncrementalPdfFileWriter):
    """Adds the signature and nothing else: no moment of the operating system, no random second half of the file's id.

    The same letter at the same moment is the same file, so a job that starts again keeps no second one.
    """

    @classmethod
    def _handle_id(cls, prev: Any) -> ArrayObject:
        first, second = super()._handle_id(prev)
        return ArrayObject([first, ByteStringObject(hashlib.sha256(first).digest()[: len(second)])])

    def _update_meta(self) -> None:
        """What fpdf2 wrote stays as it is."""


class _SignerAt(PdfSigner):
    """Signs at a stated moment instead of the operating system's."""

    def __init__(self, at: datetime, *parts: Any, **named: Any) -> None:
        super().__init__(*parts, **named)
        self._at = at

    def init_signing_session(self, *parts: Any, **named: Any) -> Any:
        session = super().init_signing_session(*parts, **named)
        session.system_time = self._at
        return session


def sign_pdf(pdf: bytes, seal: Seal, at: datetime, reason: str) -> bytes:
    """The document with its signature. Raises ``ConfigurationFault`` if this seal cannot sign."""
    try:
        writer = _Writer(io.BytesIO(pdf))
        store = SimpleCertificateStore()
        chain = [Certificate.load(one) for one in seal.chain]
        store.register_multiple(chain[1:])
        signer = SimpleSigner(chain[0], PrivateKeyInfo.load(seal.key), store)
        metadata = PdfSignatureMetadata(
            field_name=FIELD, md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES, reason=reason, name=seal.organ
        )  # fmt: skip
        signed: io.BytesIO = _SignerAt(at, metadata, signer).sign_pdf(writer)
        return signed.getvalue()
    except (SigningError, PdfError, ValueError) as error:
        raise ConfigurationFault("the seal cannot sign: its key or certificate is not fit for it") from error
