"""Cases that are due for paper: a house in memory, moves along the graph, a printer that prints nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from services.case_desk import CaseDesk, CaseWorkshop
from services.case_documents import make_documents, make_letters
from services.case_events import Move, change_case, load_case, write_move
from services.case_file import CaseFile
from services.case_opening import list_desks, open_case
from services.case_ports import Letter
from services.case_record import Hand
from services.errors import ConfigurationFault
from tests.case_samples import make_case, make_case_mapping
from tests.fake_cases import FakeCaseBackEnd, FakeCaseHouse, FakeFileStore, FakeSlipPress, make_case_desk
from tests.fakes import FakeClock

ORGANISATION = {
    "kind": "organisation",
    "name": "演示长风科技有限公司",
    "credit_code": "91110000MA01ABCD2X",
    "phone": "13800000001",
}
PATHS: Mapping[str, tuple[tuple[str, Hand, Mapping[str, Any]], ...]] = {
    "accepted": (("accepted", Hand.CLERK, {"on": "2026-11-02"}),),
    "accepted_with_gap": (
        ("accepted_with_gap", Hand.CLERK, {"on": "2026-11-02", "missing": ["proof_of_premises"], "until_on": "2026-11-09",
                                           "promise": "promise", "effect": {"zh-CN": "逾期未补齐的，不予许可。"}}),
    ),
    "deemed_accepted": (("deemed_accepted", Hand.CLOCK, {"on": "2026-11-02"}),),
    "correction_asked": (
        ("correction_asked", Hand.CLERK, {"items": [{"about": "proof_of_premises", "code": "unclear", "words": "图像不清晰"},
                                                    {"about": "company_name", "code": "other", "words": "与名称核准不一致"}],
                                          "until_on": "2026-11-20"}),
    ),
    "not_accepted": (
        ("not_accepted", Hand.CLERK, {"reason": "该事项不属于本机关职权范围", "ground": "wrong_organ", "right_organ": "演示市民政局",
                                      "legal_ground": "《行政许可法》第三十二条第一款第（二）项"}),
    ),
    "special_began": (
        ("accepted", Hand.CLERK, {"on": "2026-11-02"}),
        ("special_began", Hand.CLERK, {"code": "inspection", "legal_ground": "《行政许可法》第四十五条", "days": 10, "reason": "需要现场检验",
                                       "on": "2026-11-03", "until_on": "2026-11-17"}),
    ),
    "extension_granted": (
        ("accepted", Hand.CLERK, {"on": "2026-11-02"}),
        ("extension_asked", Hand.CLERK, {"days": 10, "reason": "案情复杂", "on": "2026-11-02"}),
        ("extension_granted", Hand.HEAD, {"days": 10, "reason": "案情复杂", "asked_by": "x", "on": "2026-11-02"}),
    ),
    "granted": (
        ("accepted", Hand.CLERK, {"on": "2026-11-02"}),
        ("granted", Hand.CLERK, {"on": "2026-11-02", "by": "clerk", "reasons": ["材料齐全"], "legal_ground": "测试法第一条"}),
    ),
    "refused": (
        ("accepted", Hand.CLERK, {"on": "2026-11-02"}),
        ("refused", Hand.CLERK, {"on": "2026-11-02", "by": "clerk", "reasons": ["场所不符合消防要求", "人员不足"], "legal_ground": "测试法第一条",
                                 "appeal": {"zh-CN": "可以自收到本决定之日起六十日内申请行政复议。"}}),
    ),
    "terminated": (("accepted", Hand.CLERK, {"on": "2026-11-02"}), ("terminated", Hand.CLERK, {"reason": "申请人已注销"})),
    "withdrawn": (("withdrawn", Hand.APPLICANT, {"reason": ""}),),
    "certificate_revoked": (
        ("accepted", Hand.CLERK, {"on": "2026-11-02"}),
        ("granted", Hand.CLERK, {"on": "2026-11-02", "by": "clerk", "reasons": [], "legal_ground": "测试法第一条"}),
        ("certificate_issued", Hand.HOUSE, {"number": "SYXK1", "slip_id": "ab" * 12}),
        ("certificate_revoked", Hand.HEAD, {"reason": "以欺骗手段取得", "legal_ground": "《行政许可法》第六十九条"}),
    ),
}  # fmt: skip
"""How a case comes to each event that has letters."""


@dataclass
class FakePrinter:
    """Implements ``case_ports.Printer``: keeps the letters; ``faults`` are raised first, ``interrupt`` is called before printing."""

    letters: list[Letter] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)
    interrupt: Callable[[], None] = lambda: None

    def print(self, letter: Letter, signed_at: datetime) -> bytes:
        self.interrupt()
        if self.faults:
            raise self.faults.pop()
        self.letters.append(letter)
        return f"%PDF {letter.number} {signed_at.isoformat()} {letter.slip}".encode()


class PaperHouse:
    """A counter whose worker prints. ``changes`` are those of ``case_samples.make_terms``."""

    def __init__(self, **changes: Any) -> None:
        self.clock, self.house, self.files = FakeClock(), FakeCaseHouse(), FakeFileStore()
        self.slips, self.printer, self.back_end = FakeSlipPress(), FakePrinter(), FakeCaseBackEnd()
        self.mapping = make_case_mapping(**changes)
        self.desk: CaseDesk = make_case_desk(
            self.mapping, house=self.house, clock=self.clock, files=self.files, slips=self.slips, back_end=self.back_end
        )
        self.workshop = CaseWorkshop(self.desk, self.printer, {}, None, None)  # type: ignore[arg-type] # nobody is told here
        self.agency_id: UUID = self.desk.directory.agency_id(self.mapping.agency)

    def receive(self, **cells: Any) -> CaseFile:
        """A case that was handed in."""
        case = make_case(self.agency_id, self.clock.now(), **cells)
        data: Mapping[str, Any] = {"materials": {}, "promises": ["promise"]}
        with self.house.begin((self.agency_id,)) as tx:
            return open_case(self.desk, tx, case, Move("case_received", Hand.APPLICANT, data))

    def move(self, file: CaseFile, event: str, hand: Hand = Hand.CLERK, **data: Any) -> CaseFile:
        """One event, an hour later."""
        self.clock.at += timedelta(hours=1)
        staff = uuid4() if hand in (Hand.CLERK, Hand.HEAD) else None
        return change_case(
            self.desk,
            list_desks(self.desk, self.mapping),
            lambda tx: write_move(self.desk, tx, load_case(tx, file.case.case_id), Move(event, hand, data, staff)),
        )

    def accept(self, **cells: Any) -> CaseFile:
        """A case that was accepted."""
        return self.move(self.receive(**cells), "accepted", on=self.today)

    def grant(self, **cells: Any) -> CaseFile:
        """A case that was granted."""
        return self.move(
            self.accept(**cells), "granted", on=self.today, by="clerk", reasons=[], legal_ground="测试法第一条"
        )

    @property
    def today(self) -> str:
        """Today in Beijing."""
        return (self.clock.now() + timedelta(hours=8)).date().isoformat()

    def print(self, file: CaseFile) -> CaseFile:
        """Make what is due."""
        return make_documents(self.workshop, self.load(file), "request-2")

    def print_letters(self, file: CaseFile) -> CaseFile:
        """Make all that is due but the certificate."""
        return make_letters(self.workshop, file, "request-2")

    def load(self, file: CaseFile) -> CaseFile:
        """The file as it is now."""
        with self.house.begin((self.agency_id,)) as tx:
            return load_case(tx, file.case.case_id)

    def list_files(self, file: CaseFile) -> list[Any]:
        """Files of ours in the index."""
        with self.house.begin((self.agency_id,)) as tx:
            return tx.files.list_of(file.case.case_id)


NO_KEY = ConfigurationFault("no seal of this organ is here")
