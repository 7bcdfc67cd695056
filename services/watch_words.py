"""What the supervision office reads of an outage, in Chinese first and in English: the watchman's letters, and one line for a page."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.clock import SHANGHAI_OFFSET
from services.mail_port import Letter
from services.watch import Trouble, TroubleKind
from services.watch_diary import Outage, name_letter

Pair = tuple[str, str]
SUBJECTS: dict[TroubleKind, Pair] = {
    TroubleKind.STORE: ("政务库无法访问", "the government store does not answer"),
    TroubleKind.SWEEPER: ("预警扫描已停止", "alerts are no longer swept"),
    TroubleKind.CALENDAR: ("工作日历即将到期或已到期", "the calendar of working days ends soon or has ended"),
    TroubleKind.SEQUENCER: ("披露账本已停止排序", "the exposure ledger gives no places"),
    TroubleKind.WAITING: ("披露记录等待超过承诺时限", "a record of the exposure ledger waits longer than was promised"),
    TroubleKind.WITNESS: ("披露账本的检查点没有联署", "checkpoints of the exposure ledger are not cosigned"),
}
ADVICE: dict[TroubleKind, Pair] = {
    TroubleKind.STORE: (
        "在恢复之前，无法得知办件是否超期，也不会发出任何预警。请立即通知运维人员。",
        "Until it is back nobody knows which cases are late, and no alert is told. Please tell operations now.",
    ),
    TroubleKind.SWEEPER: (
        "在恢复之前，橙色、红色及其他预警均不会发出；恢复后将按实际到期时间补发。请立即通知运维人员检查后台进程（worker）。",
        "Until it is back no alert is told; afterwards each is, with the time at which it was really due. Please have the worker looked at.",
    ),
    TroubleKind.CALENDAR: (
        "超出日历的办理期限只能按周一至周五推算，可能变动。请在国务院办公厅发布下一年度放假通知后立即导入（clock import）。",
        "Limits beyond it are presumed and may move. Please import next year's notice of the State Council when it is out (clock import).",
    ),
    TroubleKind.SEQUENCER: (
        "在恢复之前，新的披露记录虽已保存，但没有编号和检查点，向公民承诺的 60 秒时限无法兑现。请立即通知运维人员检查排序进程（sequencer）。",
        "Until it is back new records are kept but have no place under a checkpoint, and the 60 seconds promised to citizens are not. Please have the sequencer looked at.",
    ),
    TroubleKind.WAITING: (
        "有一条披露记录超过 60 秒仍没有编号。请通知运维人员检查排序进程（sequencer），并运行 exposure verify。",
        "A record has had no place for more than 60 seconds. Please have the sequencer looked at, and exposure verify run.",
    ),
    TroubleKind.WITNESS: (
        "在联署恢复之前不会公布新的检查点，公民下载的文件也只到上一个已联署的检查点；披露记录照常保存。请检查监督机构的联署进程（witness）：如果它拒绝联署，账本可能被改动或分叉，请先查明原因。",
        "No newer checkpoint is published until it is, and citizens' files end at the last cosigned one; records are kept as ever. Please look at the witness: if it refuses, the ledger may have been changed or forked, so find out why first.",
    ),
}  # fmt: skip
FROM_WATCHMAN: Pair = (
    "本邮件由值守进程直接发出，不经过预警扫描；请勿回复。",
    "This mail comes from the watchman itself and does not pass the sweeper; please do not answer it.",
)


def say_moment(at: datetime) -> str:
    """A moment in China, to the minute."""
    return f"{at + SHANGHAI_OFFSET:%Y-%m-%d %H:%M}"


def say_trouble(trouble: Trouble) -> Pair:
    """One line for a banner: Chinese, English."""
    if trouble.kind is TroubleKind.SWEEPER:
        if trouble.since is None:
            return "预警扫描从未运行", "Alerts have never been swept"
        at = say_moment(trouble.since)
        return f"预警扫描自 {at} 起没有进展", f"No sweep of alerts has come further than {at} (Beijing time)"
    if trouble.kind is TroubleKind.CALENDAR:
        return _say_calendar(trouble)
    if trouble.kind in SINCE:
        return _say_ledger(trouble)
    return "政务库无法访问", "The government store does not answer"


SINCE: dict[TroubleKind, Pair] = {
    TroubleKind.SEQUENCER: ("披露账本自 {at} 起没有排序", "The exposure ledger has given no places since {at} (Beijing time)"),
    TroubleKind.WAITING: ("有披露记录自 {at} 起等待编号", "A record of the exposure ledger has waited for its place since {at} (Beijing time)"),
    TroubleKind.WITNESS: ("披露账本自 {at} 起的检查点没有联署", "Checkpoints of the exposure ledger since {at} (Beijing time) are not cosigned"),
}  # fmt: skip


def _say_ledger(trouble: Trouble) -> Pair:
    if trouble.since is None:
        return "披露账本从未排序", "The exposure ledger has never given places"
    chinese, english = (sentence.format(at=say_moment(trouble.since)) for sentence in SINCE[trouble.kind])
    return chinese, english


def _say_calendar(trouble: Trouble) -> Pair:
    if trouble.ends_on is None:
        return "没有工作日历", "There is no calendar of working days"
    chinese = f"工作日历（{trouble.place}）截至 {trouble.ends_on}"
    english = f"The calendar of working days ({trouble.place}) ends on {trouble.ends_on}"
    if trouble.provisional:
        return f"{chinese}，已有在办件的期限超出该日", f"{english}; open cases have limits beyond it"
    return chinese, english


def say_span(span: timedelta) -> Pair:
    """How long something lasted, in minutes, hours or days."""
    minutes = max(0, int(span.total_seconds() // 60))
    for size, chinese, english in ((1440, "天", "days"), (60, "小时", "hours")):
        if minutes >= 2 * size:
            return f"{minutes // size} {chinese}", f"{minutes // size} {english}"
    return f"{minutes} 分钟", f"{minutes} minutes"


def write_letter(outage: Outage, to: tuple[str, ...], now: datetime) -> Letter:
    """The next letter of an outage: that it is out, still out, or over."""
    subject, lines = _write_end(outage) if outage.ended_at is not None else _write_cry(outage, now)
    chinese, english = ("\n".join(pair[place] for pair in (*lines, FROM_WATCHMAN)) for place in (0, 1))
    answers = (name_letter(outage, first=True),) if outage.told else ()
    text = f"{chinese}\n\n{english}\n"
    return Letter(name_letter(outage), to, f"{subject[0]} / {subject[1]}", text, now, answers)


def _write_cry(outage: Outage, now: datetime) -> tuple[Pair, list[Pair]]:
    what, number = SUBJECTS[outage.trouble.kind], outage.told + 1
    subject = (f"【值守告警】{what[0]}", f"Watchman: {what[1]}")
    if number > 1:
        subject = (f"{subject[0]}（第 {number} 次提醒）", f"{subject[1]} (reminder {number})")
    since, span = say_moment(outage.since), say_span(now - outage.since)
    lines = [_end_sentence(say_trouble(outage.trouble))]
    if outage.trouble.kind is not TroubleKind.CALENDAR:
        lines.append((f"自 {since}（北京时间）起，已 {span[0]}。", f"Since {since} (Beijing time), {span[1]} by now."))
    return subject, [*lines, ADVICE[outage.trouble.kind]]


def _write_end(outage: Outage) -> tuple[Pair, list[Pair]]:
    what, ended_at = SUBJECTS[outage.trouble.kind], outage.ended_at or outage.since
    since, until, span = say_moment(outage.since), say_moment(ended_at), say_span(ended_at - outage.since)
    subject = (f"【值守恢复】{what[0]}：已恢复", f"Watchman: it is over: {what[1]}")
    return subject, [
        (
            f"自 {since} 至 {until}（北京时间），共 {span[0]}，现已恢复正常。",
            f"It lasted from {since} to {until} (Beijing time), {span[1]}, and is over.",
        )
    ]


def _end_sentence(pair: Pair) -> Pair:
    return f"{pair[0]}。", f"{pair[1]}."
