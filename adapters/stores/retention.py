"""Forgetting what only grows and is no longer needed, in bounded batches.

Payments, applications, cases, events, acts and the ledger are never touched.

- *Claims of messages* (kind notice): a log-in is told within minutes, and its job does not come back after weeks.
- *Claims of notices*: a platform repeats a notice for a day or so (WeChat Pay about a day, Alipay 25 hours) and the adapters
  refuse one that is older (300 seconds, 26 hours), so a claim of weeks ago keeps nothing out any more.
- *Idempotency keys* with the reply that they gave: kept until the payment has been final, or the back end has had the application
  without a doubt, for the whole time; or, if nothing came of the key, for that time after it was claimed.
- *Mails to the supervision office* that are finished, with the lines that they told: the alerts themselves stay.

- *Drafts of cases* that nobody has touched for long and that were never handed in, with the index of their files.
- *Scans for a walk-in* whose case was never opened, by the same time.

What a legal hold names stays, too: drafts of a held person or service, keys of a held person.

All other claims stay: that of a written-off bill is why it cannot be paid twice.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, select, text, true, tuple_

from adapters.stores.holds import keeps
from adapters.stores.tables.applications import application_events
from adapters.stores.tables.cases import case_drafts, cases, stored_files
from adapters.stores.tables.mails import alert_mail_lines, alert_mails
from adapters.stores.tables.payments import claims, idempotency_keys, payment_events
from services.application_graph import AT_BACK_END
from services.application_graph import FINAL as DECIDED
from services.payment_graph import FINAL

_ALONE = text("SELECT pg_try_advisory_xact_lock(hashtext('guitai_forget_finished'))")


def forget_finished(connection: Connection, until: datetime, limit: int, now: datetime) -> int:
    """Delete up to ``limit`` rows of each kind that were finished at ``until``; returns how many.

    One transaction at a time does it: a second one at once deletes nothing and says 0.
    """
    if not connection.execute(_ALONE).scalar():
        return 0
    old_notices = (
        select(claims.c.agency_id, claims.c.kind, claims.c.key_hash)
        .where(claims.c.kind == "notice", claims.c.claimed_at < until)
        .order_by(claims.c.claimed_at)
        .limit(limit)
    )
    key = idempotency_keys.c
    old_keys = (
        select(key.agency_id, key.person_id, key.key_hash)
        .where(key.claimed_at < until, _may_go(until), ~keeps(key.person_id, now))
        .order_by(key.claimed_at)
        .limit(limit)
    )
    notice = tuple_(claims.c.agency_id, claims.c.kind, claims.c.key_hash)
    gone = connection.execute(delete(claims).where(notice.in_(old_notices))).rowcount
    mine = tuple_(key.agency_id, key.person_id, key.key_hash)
    gone += connection.execute(delete(idempotency_keys).where(mine.in_(old_keys))).rowcount
    return gone + _forget_mails(connection, until, limit)


def _forget_mails(connection: Connection, until: datetime, limit: int) -> int:
    """Lines of finished mails first, then mails without lines; a mail that is still tried, and a line that waits, are never touched."""
    mail, line = alert_mails.c, alert_mail_lines.c
    old = and_(mail.state != "sending", mail.made_at < until)
    same = and_(line.agency_id == mail.agency_id, line.mail_id == mail.mail_id)
    told = (
        select(line.agency_id, line.alert_id, line.rise)
        .join(alert_mails, same)
        .where(old)
        .order_by(mail.made_at)
        .limit(limit)
    )
    one_line = tuple_(line.agency_id, line.alert_id, line.rise)
    gone = connection.execute(delete(alert_mail_lines).where(one_line.in_(told))).rowcount
    empty = select(mail.agency_id, mail.mail_id).where(old, ~exists().where(same)).order_by(mail.made_at).limit(limit)
    one_mail = tuple_(mail.agency_id, mail.mail_id)
    return gone + connection.execute(delete(alert_mails).where(one_mail.in_(empty))).rowcount


def forget_drafts(connection: Connection, until: datetime, limit: int, now: datetime) -> int:
    """Delete up to ``limit`` drafts that were never handed in and not touched since ``until``, and up to ``limit`` rows of files that
    were uploaded before that to what is neither a case nor a draft; returns how many drafts and such rows.

    One statement for the drafts: one that is saved or handed in meanwhile keeps its files.
    """
    cells = case_drafts.c
    old = and_(cells.submitted_at.is_(None), cells.updated_at < until, ~keeps(cells.person_id, now, cells.service))
    oldest = select(cells.agency_id, cells.draft_id).where(old).order_by(cells.updated_at).limit(limit)
    chosen = tuple_(cells.agency_id, cells.draft_id).in_(oldest)
    gone = delete(case_drafts).where(old, chosen).returning(cells.agency_id, cells.draft_id).cte("gone")
    owner = tuple_(stored_files.c.agency_id, stored_files.c.owner)
    files = delete(stored_files).where(owner.in_(select(gone.c.agency_id, gone.c.draft_id)))
    emptied = files.returning(stored_files.c.file_id).cte("emptied")
    counted = select(func.count()).select_from(gone).add_cte(emptied)
    return int(connection.execute(counted).scalar_one()) + _forget_nobodys_files(connection, until, limit)


def _forget_nobodys_files(connection: Connection, until: datetime, limit: int) -> int:
    """What the window scanned for somebody who went away again. Row-level security keeps whatever is of a case or a draft, too."""
    file, case, draft = stored_files.c, cases.c, case_drafts.c
    opened = exists().where(case.agency_id == file.agency_id, case.case_id == file.owner)
    drafted = exists().where(draft.agency_id == file.agency_id, draft.draft_id == file.owner)
    old = and_(file.uploaded_at < until, file.material != "", ~opened, ~drafted)
    oldest = select(file.agency_id, file.file_id).where(old).order_by(file.uploaded_at).limit(limit)
    return connection.execute(delete(stored_files).where(tuple_(file.agency_id, file.file_id).in_(oldest))).rowcount


def _may_go(until: datetime) -> ColumnElement[bool]:
    """Whether what came of the key was settled at ``until`` and nothing happened since, or nothing came of it.

    A subquery that gives a value is looked up row by row through the key's index; a join might read all events.
    """
    paid, applied = payment_events.c, application_events.c
    last_of_payment = (
        select(and_(paid.state.in_(sorted(FINAL)), paid.at < until))
        .where(paid.payment_id == idempotency_keys.c.payment_id)
        .order_by(paid.version.desc())
        .limit(1)
    )
    last_of_application = (
        select(and_(applied.state.in_(sorted(AT_BACK_END | DECIDED)), applied.at < until))
        .where(applied.application_id == idempotency_keys.c.payment_id)
        .order_by(applied.version.desc())
        .limit(1)
    )
    return and_(
        func.coalesce(last_of_payment.scalar_subquery(), true()),
        func.coalesce(last_of_application.scalar_subquery(), true()),
    )
