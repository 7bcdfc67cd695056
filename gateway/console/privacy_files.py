"""The privacy officer's pages as files: the same numbers as tables, with what they cover and how to check them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from flask import Response

from gateway.console.desk import current_console
from gateway.console.frame import SHANGHAI, name_agency
from gateway.console.privacy_words import (
    ARCHIVE,
    BY,
    DEADLINES,
    HOLDERS,
    NOT_KNOWN,
    PERSONS,
    PLATFORMS,
    RECIPIENTS,
    STEPS,
    USES,
)
from gateway.console.statistics_files import FORMATS
from gateway.sheets import CSV, Cell, Sheet, attach_file, write_tables
from services.model import Language
from services.privacy_record import Breach, By, Holder
from services.privacy_room import KEPT_YEARS, Overview, Report
from services.privacy_rules import Use

ZH = Language.ZH_CN
CHECK = "python -m gateway exposure check-sums"
Notes = list[tuple[str, Cell]]


def write_overview(found: Overview, kind: str, rows: Sequence[tuple[str, str, Mapping[str, int]]]) -> Response:
    """The course and the groups."""
    platforms = found.platforms
    heads = [" ".join(PLATFORMS.get(one, (one, one))) for one in platforms]
    groups: list[list[Cell]] = [
        [name, key, *(counts.get(one, 0) for one in platforms), sum(counts.values())] for name, key, counts in rows
    ]
    course: list[list[Cell]] = [
        [on, *(found.course[one][place] for one in platforms)] for place, on in enumerate(found.steps)
    ]
    sheets = [
        Sheet(" ".join(BY[found.by]), (" ".join(BY[found.by]), "编号 code", *heads, "合计 all"), groups),
        Sheet("走势 Course", (f"{STEPS[found.step][0]} from", *heads), course),
    ]
    wanted = found.wanted
    notes: Notes = [
        ("统计 counts", "平台所见的账本记录数；按字段时一条记录在其每个字段各计一次 records of the ledger; by field each counts once for each of its fields"),
        ("时间 days", f"{wanted.since} – {wanted.until}"),
        *((name, value) for name in ("platform", "service", "purpose", "direction", "account", "field") if (value := getattr(wanted, name))),
        *_tell_counted(found.counted.leaves, found.counted.at),
    ]  # fmt: skip
    return _attach(kind, ("平台所见", "what-platforms-saw"), sheets, notes, f"{wanted.since}-{wanted.until}")


def write_report(
    report: Report, kind: str, bases: Mapping[tuple[str, int], str], signers: Mapping[str, str]
) -> Response:
    """The record of processing of one platform: a sheet for each part; in CSV the fields, which is what an authority asks for first."""
    words = current_console().catalogue
    fields: list[list[Cell]] = [
        [
            words.title(use.service, ZH), use.service, use.version, words.direction(one.direction, ZH), words.label(one.field, ZH),
            one.field, "是 yes" if one.field in words.vocabulary.personal else "", one.count, " ".join(USES[one.use]),
        ]
        for use in report.uses for one in use.fields
    ]  # fmt: skip
    services: list[list[Cell]] = [
        [
            words.title(use.service, ZH), use.service, use.version, bases.get((use.service, use.version), ""), use.records, use.days,
            len(use.of(Use.USED)), len(use.of(Use.UNUSED)), len(use.of(Use.BEYOND)),
        ]
        for use in report.uses
    ]  # fmt: skip
    sheets = [
        Sheet("字段 Fields", ("事项", "service", "版本 version", "方向 direction", "字段", "field", "个人信息 personal", "记录数 records", "范围 budget"), fields),
        Sheet("事项 Services", ("事项", "service", "版本 version", "法律依据 legal basis", "记录数 records", "生效日数 days in force", "已用字段 used", "未用字段 unused", "超出 beyond"), services),
        Sheet("目的 Purposes", ("目的 purpose", "code", "记录数 records"), [[words.purpose(key, ZH), key, count] for key, count in report.groups[By.PURPOSE]]),
        Sheet("接收方账号 Accounts", ("平台账号 account", "记录数 records"), [[key, count] for key, count in report.groups[By.ACCOUNT]]),
        Sheet("映射变动 Changes", ("时间 at", "事项", "service", "版本 version", "新增给平台的 widens", "理由 reason"), [
            [_moment(one.at), words.title(one.service, ZH), one.service, one.version, "；".join(one.widens), one.reason] for one in report.changes
        ]),
        Sheet("签署 Signatures", ("时间 at", "姓名 name", "意见 remark", "SHA-256", "与本文一致 the same"), [
            [_moment(one.at), signers.get(str(one.staff_id), "—"), one.reason, one.digest, "是 yes" if one.digest == report.digest else "否 no"]
            for one in report.signatures
        ]),
    ]  # fmt: skip
    notes: Notes = [
        ("依据 law", "个人信息保护法第五十五条、第五十六条 PIPL 55, 56"),
        ("保存 kept", f"不少于{KEPT_YEARS}年 {KEPT_YEARS} years at least"),
        ("接收方 recipient", " ".join(RECIPIENTS[report.platform])),
        ("时间 days", f"{report.since} – {report.until}"),
        ("个人的种类 kinds of persons", "；".join(" ".join(one) for one in PERSONS)),
        ("SHA-256", report.digest),
        ("核对 check", CHECK),
        ("不能知道的 not known", " ".join(NOT_KNOWN)),
    ]
    name = (f"处理记录-{PLATFORMS[report.platform][0]}", f"record-of-processing-{report.platform}")
    return _attach(kind, name, sheets, notes, f"{report.since}-{report.until}")


def write_breach(breach: Breach, kind: str) -> Response:
    """A sheet without anybody on it: numbers and fields."""
    asked, found, words = breach.asked, breach.found, current_console().catalogue
    fields = sorted(found.fields.items(), key=lambda one: (-one[1], one[0])) if found else []
    rows: list[list[Cell]] = [
        [words.label(name, ZH), name, "是 yes" if name in words.vocabulary.personal else "", count]
        for name, count in fields
    ]
    numbers: list[list[Cell]] = [] if found is None else [
        ["记录 records", found.records], ["个人账户 people", found.people], ["户主 account holders", found.households],
        ["只知其号码的人 people of whom only a typed number is known", found.numbers],
        ["联系已删除的链 chains whose link is erased", found.erased], ["不指向任何人的记录 records that name nobody", found.unattributed],
    ]  # fmt: skip
    sheets = [Sheet("字段 Fields", ("字段", "field", "个人信息 personal", "记录数 records"), rows), Sheet("人数 Numbers", ("项目 item", "数 number"), numbers)]  # fmt: skip
    return _attach(kind, ("事件影响", "breach"), sheets, _tell_breach(breach), str(asked.sheet_id)[:8])


def write_holders(breach: Breach, kind: str, holders: Sequence[Holder]) -> Response:
    """A piece of the list for notification, with the fields of each."""
    words = current_console().catalogue
    rows: list[list[Cell]] = [
        [
            one.number, " ".join(HOLDERS[one.kind]), one.name or "（未实名 not known）", one.phone, one.address, one.service and words.title(one.service, ZH),
            one.key_no, "、".join(words.label(name, ZH) for name in one.fields),
        ]
        for one in holders
    ]  # fmt: skip
    heads = (
        "序号 no.",
        "种类 kind",
        "姓名 name",
        "手机 telephone",
        "地址 address",
        "事项 service",
        "户号 account no.",
        "被看到的字段 fields",
    )
    return _attach(kind, ("通知名单", "notification-list"), [Sheet("名单 People", heads, rows)], _tell_breach(breach), str(breach.asked.sheet_id)[:8])  # fmt: skip


def _tell_breach(breach: Breach) -> Notes:
    asked = breach.asked
    return [
        ("平台账号 account", f"{' '.join(PLATFORMS[asked.platform])} {asked.account}"),
        ("起 from", _moment(asked.since)),
        ("止 until", _moment(asked.until)),
        ("机构 agencies", "、".join(name_agency(one) or str(one) for one in asked.agencies)),
        ("建表 asked at", _moment(asked.asked_at)),
        *((f"时限 {number} deadline", " ".join(said)) for number, said in enumerate(DEADLINES, 1)),
        ("注意 note", " ".join(ARCHIVE)),
    ]


def _tell_counted(leaves: int, at: datetime | None) -> Notes:
    until = f"账本前 {leaves} 条" + (f"，{_moment(at)}" if at else "")
    return [("统计到 counted until", until), ("核对 check", CHECK), ("不能知道的 not known", " ".join(NOT_KNOWN))]


def _attach(kind: str, name: tuple[str, str], sheets: Sequence[Sheet], notes: Notes, suffix: str) -> Response:
    media_type = FORMATS[kind]
    notes.append(("导出时间 taken out at", _moment(current_console().clock.now())))
    body = write_tables(media_type, name[0], sheets[:1] if media_type == CSV else sheets, notes)
    return attach_file(body, media_type, f"{name[0]}-{suffix}", f"{name[1]}-{suffix}")


def _moment(at: datetime) -> str:
    return at.astimezone(SHANGHAI).isoformat(timespec="seconds")
