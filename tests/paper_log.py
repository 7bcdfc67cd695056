"""A log on paper and a witness's memory that is lost with the test: for tests of witnesses."""

from __future__ import annotations

from dataclasses import dataclass, field

from adapters.ed25519 import Ed25519Signer, verify_ed25519
from services.checkpoint import Checkpoint, add_signatures, sign_checkpoint
from services.restores import Declarer, Restore, format_restore
from services.signed_note import COSIGNATURE, Note, NoteSigner, format_note, read_note, sign_text
from services.witness import Witness
from services.witness_protocol import Answer, format_request, format_restore_request
from services.witnessing import Memory
from tests.fakes import FakeClock
from tests.naive_trees import consistency_path, tree_head

LOG = Ed25519Signer("ledger.example/city", bytes([1]) * 32)
OTHER_LOG = Ed25519Signer("ledger.example/county", bytes([2]) * 32)
WITNESS = Ed25519Signer("witness.example", bytes([3]) * 32, COSIGNATURE)
LEI, HAN, MEI = (
    Ed25519Signer(f"{name}.example", bytes([number]) * 32) for number, name in enumerate(("lei", "han", "mei"), 4)
)
PEOPLE = (Declarer(LEI.key, supervises=True), Declarer(HAN.key, supervises=False), Declarer(MEI.key, supervises=False))


@dataclass
class PaperLog:
    """Its leaves; whoever copies them has a store that was copied."""

    entries: list[bytes] = field(default_factory=list)
    signer: Ed25519Signer = LOG

    def add(self, *entries: bytes) -> None:
        """Further leaves."""
        self.entries += entries

    def copy(self) -> PaperLog:
        """Yesterday's backup, or the second face of a log that forks."""
        return PaperLog(list(self.entries), self.signer)

    def head(self, size: int | None = None) -> Checkpoint:
        """The tree of this size, or of all leaves."""
        kept = self.entries[:size]
        return Checkpoint(self.signer.key.name, len(kept), tree_head(kept))

    def request(self, old: int, size: int | None = None) -> bytes:
        """A request for a cosignature with its proof."""
        kept = self.entries[:size]
        proof = consistency_path(old, kept) if 0 < old < len(kept) else []
        return format_request(old, proof, sign_checkpoint(self.head(size), self.signer))


class PaperMemory:
    """Implements ``witness.MemoryStore``; ``broken``: the disk is full."""

    def __init__(self) -> None:
        self.memory = Memory(str(WITNESS.key))
        self.broken = False

    def read(self) -> Memory:
        return self.memory

    def write(self, memory: Memory) -> None:
        if self.broken:
            raise OSError("no space left")
        self.memory = memory


class Office:
    """A witness of two logs with all that it has; ``told`` is what it said of whom."""

    def __init__(self, memory: PaperMemory | None = None) -> None:
        self.memory, self.clock, self.told = memory or PaperMemory(), FakeClock(), list[str]()
        self.start()

    def start(self) -> None:
        """Anew, as after SIGKILL: all that is left is the memory."""
        keys = (LOG.key, OTHER_LOG.key)
        self.witness = Witness(
            WITNESS, keys, PEOPLE, self.memory, self.clock, verify_ed25519, lambda what, _origin: self.told.append(what)
        )

    def ask(self, log: PaperLog, old: int, size: int | None = None) -> Answer:
        """What the witness answers to this request."""
        return self.witness.add_checkpoint(log.request(old, size))

    def seconds(self) -> int:
        """Now."""
        return int(self.clock.now().timestamp())


def cosigned_note(log: PaperLog, answer: Answer, size: int | None = None) -> bytes:
    """The checkpoint with the cosignature of an answer."""
    note = sign_checkpoint(log.head(size), log.signer)
    return add_signatures(note, read_note(read_note(note).text.encode() + b"\n" + answer.lines).signatures)


def sign_restore(restore: Restore, kept: bytes, *signers: NoteSigner) -> bytes:
    """The body of ``add-restore`` with the signatures of these people."""
    text = format_restore(restore)
    return format_restore_request(format_note(Note(text, tuple(sign_text(text, one) for one in signers))), kept)
