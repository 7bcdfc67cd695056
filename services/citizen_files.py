"""A citizen fetches her file: her chains, the proofs, and beside them words in her language. Only where no platform looks on.

A file of both platforms inside one platform's app would tell it about the other; so it leaves by the government's own page and at the window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from services.catalogue import Catalogue
from services.doors import is_own
from services.errors import NotPermitted
from services.exposure_file import MAX_WORDS, ExposureFile, write_file
from services.exposure_file_maker import ProofReader
from services.exposure_file_words import PLATFORMS, write_moment
from services.exposure_survey import SeenRecord
from services.exposure_view import explain_record
from services.leaves import read_leaf
from services.model import Caller, Language
from services.ports import Clock, Store

HEADINGS: dict[Language, tuple[str, ...]] = {
    Language.ZH_CN: (
        "本文件列出各平台可能看到的、关于您的全部记录，附有证明。下面的文字仅供阅读，证明不依赖它们。",
        "离线核验：python -m gateway exposure check-file 文件 --log-key 日志公钥 --witness-key 见证人公钥。公钥见政务网站 /ledger 页。",
    ),
    Language.EN: (
        "This file lists every record of what platforms may have seen of you, with proofs. These words are for reading; no proof hangs on them.",
        "Verify offline: python -m gateway exposure check-file FILE --log-key KEY --witness-key KEY. The keys are on the page /ledger.",
    ),
}


@dataclass(frozen=True, slots=True)
class CitizenFiles:
    """Makes files for whoever is in front of an own door."""

    store: Store
    reader: ProofReader
    words: Catalogue
    clock: Clock

    def fetch(self, caller: Caller) -> bytes:
        """The file of the caller, in one form. Raises ``NotPermitted`` inside a platform's app, ``ProofUnavailable``."""
        if not is_own(caller.app.platform):
            raise NotPermitted(detail={"door": "own"})
        with self.store.begin(caller.agencies) as tx:
            chains = tx.persons.list_chains(caller.person_id)
        return write_file(make_worded(self.reader, chains, self.words, self.clock, caller.language))


def make_worded(
    reader: ProofReader, chains: Sequence[UUID], words: Catalogue, clock: Clock, language: Language
) -> ExposureFile:
    """The file of these chains with a line of words for each record, newest first, as many as a file holds."""
    file = reader.make_file(chains, clock.now())
    leaves = [leaf for leaf in (read_leaf(one.data) for one in reversed(file.leaves)) if leaf.get("kind") == "exposure"]
    lines = [_tell(explain_record(words, leaf, language), language) for leaf in leaves[: MAX_WORDS - 2]]
    return replace(file, words=(*HEADINGS[language], *lines))


def _tell(one: SeenRecord, language: Language) -> str:
    names = PLATFORMS.get(one.platform or "", ("—", "—"))
    platform, comma = (names[0], "、") if language is Language.ZH_CN else (names[1], ", ")
    seen = comma.join(field.label for field in one.fields)
    at = write_moment(one.at.timestamp())
    told = f"{at} · {platform} · {one.direction_label} · {one.service_title} · {seen}"
    return f"{told} · {one.purpose} · {one.legal_basis}"
