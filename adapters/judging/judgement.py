"""What uploaded bytes are, by their first bytes and then by all of them. Whatever a decoder throws means that they are damaged."""

from __future__ import annotations

from adapters.judging.documents import START as PDF_START
from adapters.judging.documents import judge_document
from adapters.judging.pictures import JPEG_START, PNG_START, judge_picture
from adapters.judging.verdict import MAXIMUM_BYTES, BytesRefusedError, Verdict


def judge_bytes(content: bytes) -> Verdict:
    """Judge in this process. Raises ``BytesRefusedError``, ``MemoryError``, ``RecursionError`` and nothing else."""
    if not content:
        raise BytesRefusedError("damaged")
    if len(content) > MAXIMUM_BYTES:
        raise BytesRefusedError("size")
    if content.startswith(PDF_START):
        judge = judge_document
    elif content.startswith((JPEG_START, PNG_START)):
        judge = judge_picture
    else:
        raise BytesRefusedError("type")
    try:
        return judge(content)
    except (BytesRefusedError, MemoryError, RecursionError):
        raise
    except Exception:  # noqa: BLE001 - decoders fail in many ways, and all of them mean the same to a citizen
        raise BytesRefusedError("damaged") from None
