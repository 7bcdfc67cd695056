"""What the console's first page shows: counts, in words that the finance office and the privacy officer use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.catalogue import Catalogue
from services.model import Language, PaymentState
from services.ports import OverviewReader

STATES: dict[str, tuple[str, str]] = {
    "intended": ("已发起", "opened"),
    "awaiting_payment": ("待付款", "awaiting payment"),
    "refused": ("平台拒绝", "refused"),
    "closing": ("取消中", "closing"),
    "closed": ("已关闭", "closed"),
    "paid": ("已付款", "paid"),
    "writing_off": ("销账中", "writing off"),
    "write_off_unknown": ("销账待核实", "write-off unknown"),
    "written_off": ("已销账", "written off"),
    "refund_due": ("待退款", "refund due"),
    "refunding": ("退款中", "refunding"),
    "refund_abnormal": ("退款异常", "refund abnormal"),
    "refunded": ("已退款", "refunded"),
}
NEEDS_A_LOOK = frozenset({PaymentState.WRITE_OFF_UNKNOWN, PaymentState.REFUND_ABNORMAL})
PAYMENTS_SPAN, EXPOSURES_SPAN = timedelta(days=30), timedelta(days=1)
PLATFORMS = {"wechat": "微信 WeChat", "alipay": "支付宝 Alipay"}


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """Payments of one service in one state."""

    service: str
    state: str
    state_en: str
    count: int
    yuan: str
    needs_a_look: bool


@dataclass(frozen=True, slots=True)
class ExposureLine:
    """How often one platform saw one kind of thing in one direction."""

    platform: str
    direction: str
    direction_en: str
    field: str
    label: str
    personal: bool
    count: int


@dataclass(frozen=True, slots=True)
class Overview:
    """The page's content."""

    payments: tuple[PaymentLine, ...]
    exposures: tuple[ExposureLine, ...]


def read_overview(reader: OverviewReader, catalogue: Catalogue, now: datetime) -> Overview:
    """Counts of payments (30 days, and what needs a look) and of the ledger (one day). Raises ``StoreUnavailable``."""
    return Overview(
        payments=tuple(_line_of_payments(catalogue, *row) for row in reader.count_payments(now - PAYMENTS_SPAN)),
        exposures=tuple(_line_of_exposures(catalogue, *row) for row in reader.count_exposures(now - EXPOSURES_SPAN)),
    )


def _line_of_payments(catalogue: Catalogue, service: str, state: str, count: int, amount_fen: int) -> PaymentLine:
    chinese, english = STATES.get(state, (state, state))
    yuan = f"{amount_fen // 100:,}.{amount_fen % 100:02d}"
    return PaymentLine(catalogue.title(service, Language.ZH_CN), chinese, english, count, yuan, state in NEEDS_A_LOOK)


def _line_of_exposures(catalogue: Catalogue, platform: str, direction: str, field: str, count: int) -> ExposureLine:
    chinese, english = (catalogue.direction(direction, language) for language in (Language.ZH_CN, Language.EN))
    return ExposureLine(
        PLATFORMS.get(platform, platform), chinese, english, field, catalogue.label(field, Language.ZH_CN),
        field in catalogue.vocabulary.personal, count,
    )  # fmt: skip
