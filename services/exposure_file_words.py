"""What a check of a citizen's file says to people: each fault with its place, and what a file that holds proves. Chinese first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone

from services.chains import ChainFaultKind
from services.exposure_file_check import FaultCode, FileFault, FileReport
from services.exposure_file_promises import PromiseState
from services.model import Language

Words = tuple[str, str]
_CHINA = timezone(timedelta(hours=8))

FAULTS: Mapping[str, Words] = {
    FaultCode.CHECKPOINT_REFUSED: ("检查点不可信：{detail}", "the checkpoint is not to be trusted: {detail}"),
    FaultCode.NOT_WITNESSED: (
        "检查点没有见证人 {detail} 的联署，可能是只给您看的分叉",
        "the checkpoint lacks the cosignature of the witness {detail}: it may be a fork shown to you alone",
    ),
    FaultCode.OTHER_ORIGIN: ("文件与检查点说的不是同一个日志", "file and checkpoint are of two logs"),
    FaultCode.MAP_LEAF_MISSING: ("缺少索引 {index} 的映射叶", "the map leaf at index {index} is missing"),
    FaultCode.MAP_LEAF_REFUSED: (
        "索引 {index} 不是此检查点的映射叶",
        "index {index} is not this checkpoint's map leaf",
    ),
    FaultCode.NO_CHAIN: ("文件中没有任何记录链", "the file has no chain at all"),
    FaultCode.MAP_PROOF_REFUSED: (
        "链 {chain} 的长度和末端不是检查点所承诺的",
        "chain {chain} does not end as the checkpoint's map says",
    ),
    FaultCode.LEAF_MISSING: (
        "链 {chain} 第 {number} 条记录（索引 {index}）不在文件中",
        "record {number} of chain {chain} (index {index}) is not in the file",
    ),
    FaultCode.LEAF_REFUSED: (
        "索引 {index} 的记录被改动：{detail}",
        "the record at index {index} was changed: {detail}",
    ),
    FaultCode.NOT_IN_TREE: (
        "索引 {index} 的记录不在检查点的树中：它被改动、调换，或不属于此处",
        "the record at index {index} is not in the checkpoint's tree: changed, swapped or not from here",
    ),
    FaultCode.STRANGE_LEAF: (
        "索引 {index} 的记录与本人的链无关",
        "the record at index {index} belongs to no chain of the file",
    ),
    FaultCode.FOREIGN_LEAF: (
        "链 {chain} 第 {number} 条记录（索引 {index}）是别人的",
        "record {number} of chain {chain} (index {index}) does not concern this chain",
    ),
    FaultCode.OUT_OF_TREE_ORDER: (
        "链 {chain} 第 {number} 条记录（索引 {index}）不按树中的次序",
        "record {number} of chain {chain} (index {index}) is not in the order of the tree",
    ),
    FaultCode.RECORD_MISSING: (
        "索引 {index} 的记录所指的记录 {detail} 不在文件中",
        "record {detail}, of which the record at index {index} speaks, is not in the file",
    ),
    FaultCode.JOINED_CHAIN_MISSING: (
        "索引 {index} 说链 {chain} 也是本人的，但文件中没有这条链",
        "index {index} says that chain {chain} is hers too, and it is not in the file",
    ),
    FaultCode.RESTORE_REFUSED: (
        "索引 {index} 的恢复声明不可信",
        "the statement of a restore at index {index} is not to be trusted",
    ),
    FaultCode.PROMISE_OF_NOBODY: (
        "第 {number} 份承诺不属于文件中的任何链：缺少一条链，或文件不是本人的",
        "promise {number} is of no chain in the file: a chain is missing, or the file is somebody else's",
    ),
    FaultCode.PROMISE_OF_OTHER_LOG: ("第 {number} 份承诺是另一个日志的", "promise {number} is of another log"),
    FaultCode.PROMISE_BROKEN: (
        "第 {number} 份承诺的记录已过期限仍不在文件中",
        "promise {number} was due before the file's checkpoint, and a record of it is not in the file",
    ),
    ChainFaultKind.FIRST_MISSING: (
        "链 {chain} 从第 {number} 条起缺失",
        "chain {chain}: the first record is missing (number {number})",
    ),
    ChainFaultKind.MISSING: ("链 {chain} 缺少第 {number} 条记录", "chain {chain}: record {number} is missing"),
    ChainFaultKind.LAST_MISSING: (
        "链 {chain} 从第 {number} 条起的末尾记录缺失",
        "chain {chain}: the last records are missing, from number {number} on",
    ),
    ChainFaultKind.REPEATED: ("链 {chain} 第 {number} 条记录重复", "chain {chain}: record {number} stands there twice"),
    ChainFaultKind.OUT_OF_ORDER: (
        "链 {chain} 第 {number} 条记录次序不对",
        "chain {chain}: record {number} is out of order",
    ),
    ChainFaultKind.NOT_OF_CHAIN: ("链 {chain} 没有第 {number} 条记录", "chain {chain} has no record {number}"),
    ChainFaultKind.PREVIOUS_DIFFERS: (
        "链 {chain} 在第 {number} 条之前的记录被改动",
        "chain {chain}: a record before number {number} was changed, or what {number} says of it",
    ),
    ChainFaultKind.HEAD_DIFFERS: (
        "链 {chain} 第 {number} 条（最后一条）被改动",
        "chain {chain}: the last record (number {number}) was changed",
    ),
}
PLATFORMS: Mapping[str, Words] = {"wechat": ("微信", "WeChat"), "alipay": ("支付宝", "Alipay")}
PROMISES: Mapping[PromiseState, Words] = {
    PromiseState.KEPT: ("已兑现", "kept"),
    PromiseState.NOT_DUE: ("到期时间在此文件之后", "due only after this file's moment"),
    PromiseState.RESTORED: ("落在已声明的恢复所丢失的时段", "within what a declared restore lost"),
    PromiseState.BROKEN: ("未兑现", "broken"),
    PromiseState.OF_NOBODY: ("不属于此文件", "of no chain of this file"),
    PromiseState.OF_OTHER_LOG: ("属于另一个日志", "of another log"),
}
LIMIT: Words = (
    "此文件不能证明：从未写入的记录；本人另有一条未合并的链（保存的承诺会揭示它）；检查点之后的事；平台自行观察到的。",
    "Not proven: what was never written; a second chain never joined (a kept promise shows it); what came later.",
)

MAX_TEXT = 100
"""So much of a text of a file is repeated."""


def say_fault(fault: FileFault, language: Language) -> str:
    """One fault with its place, in words."""
    words = FAULTS.get(fault.code, (fault.code, fault.code))[0 if language is Language.ZH_CN else 1]
    return words.format(
        chain=make_plain(fault.chain), number=fault.number, index=fault.index, detail=make_plain(fault.detail)
    )


def make_plain(text: str) -> str:
    """A text out of a file that may be forged, as it may be printed on a terminal: short, and nothing that a terminal obeys."""
    cut = text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}…"
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in cut)


def say_report(report: FileReport) -> list[Words]:
    """What a file that holds says: how many records on which platforms, until when, chains, restores, promises, and what it cannot prove."""
    if report.faults or report.checkpoint is None:
        return []
    file = report.file
    counts = Counter(str(body.get("platform")) for body in report.records)
    told = [(PLATFORMS.get(name, (name, name)), count) for name, count in sorted(counts.items())]
    parts = ("、".join(f"{words[0]} {n} 条" for words, n in told), ", ".join(f"{words[1]} {n}" for words, n in told))
    size, at = report.checkpoint.size, report.witnessed
    lines = [
        (f"文件属实：{len(report.records)} 条记录" + (f"（{parts[0]}）" if told else ""),
         f"The file holds: {len(report.records)} records" + (f" ({parts[1]})" if told else "")),
        (f"日志 {report.checkpoint.origin}，检查点大小 {size}；" + (f"见证人于 {write_moment(at)} 看到" if at is not None else "没有用见证人的密钥核验"),
         f"Log {report.checkpoint.origin}, checkpoint of size {size}; "
         + (f"a witness saw it at {write_moment(at)}" if at is not None else "judged by no witness: a fork shown to you alone would not be noticed")),
        (f"文件制作于 {write_moment(file.made_at.timestamp())}；检查点之后的记录不在其中",
         f"Made at {write_moment(file.made_at.timestamp())}; what came after the checkpoint is not in it"),
    ]  # fmt: skip
    lines += [
        (f"链 {one.chain}：{one.length} 条，没有缺失", f"Chain {one.chain}: {one.length} links, none missing")
        if one.length
        else (f"链 {one.chain}：证明没有任何记录", f"Chain {one.chain}: proven to have no record")
        for one in file.chains
    ]
    lines += [
        (f"日志曾从备份恢复：{write_moment(one.since)} 至 {write_moment(one.until)} 的记录可能丢失。理由：{one.reason}",
         f"The log was put back to a backup: records from {write_moment(one.since)} to {write_moment(one.until)} may be lost. Reason: {one.reason}")
        for one in report.restores
    ]  # fmt: skip
    lines += [
        (f"第 {number} 份承诺：{PROMISES[state][0]}", f"Promise {number}: {PROMISES[state][1]}")
        for number, state in enumerate(report.promises, 1)
    ]
    return [*lines, LIMIT]


def write_moment(seconds: float) -> str:
    """A moment in the time of China; what no calendar has, as its seconds."""
    try:
        return f"{datetime.fromtimestamp(seconds, UTC).astimezone(_CHINA):%Y-%m-%d %H:%M:%S} +08:00"
    except (OverflowError, ValueError, OSError):
        return str(seconds)
