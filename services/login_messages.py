"""Telling a person of a new log-in, on the log-ins that they had before: whoever did not expect it can cut it off.

The message is two things from a closed list: a fixed phrase and a time. It names neither the person nor the other platform.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from services.doors import is_own
from services.errors import ConfigurationFault, GuitaiError, PlatformOutcomeUnknown, PlatformRefused
from services.mapping import disclose
from services.model import Login, Person, PlatformName
from services.ports import Transaction
from services.till import SHANGHAI_OFFSET, Till

TEMPLATE = "template_new_login"
NEW_LOGIN_PHRASE = "您的账户有新的登录"
PHRASES = (NEW_LOGIN_PHRASE,)
"""The phrases that may leave in a message, beside times."""

EVENTS_READ = 50
CLAIM = "notice"
"""The kind of claim: the worker may give it back, and it may be forgotten after weeks (docs/store.md)."""

PAGE = "pages/logins/index"

WORD_KEYS: Mapping[PlatformName, tuple[str, str]] = {
    PlatformName.WECHAT: ("thing1", "time2"),
    PlatformName.ALIPAY: ("keyword1", "keyword2"),
}
"""Where phrase and time stand in a template, unless the app's option ``words_new_login`` ("phrase,time") says otherwise."""


def tell_new_login(till: Till, agency_id: UUID, login_id: UUID, request_id: str) -> int:
    """Job: tell one log-in, the subject, of the latest one that joined its account; returns 1 if it was told, else 0.

    Each log-in has its own job, so that a platform that is away keeps nobody but its own users waiting. The telling is claimed
    before the call, so that a repeat tells nobody twice; those who refuse messages are not told again, and an unknown outcome is
    left as it is: the account page shows the log-in in any case. Raises ``NotFound`` for a log-in that is gone, and
    ``PlatformUnreachable`` if nothing left, with the claim given back: try again.
    """
    own = till.new_id()
    with till.store.begin((agency_id,)) as tx:
        login = tx.persons.load_login(login_id)
        person = tx.persons.load(login.person_id)
        joined_at = _find_joining(tx, person.person_id)
        if login.revoked_at is not None or joined_at is None or is_own(login.platform):
            return 0  # an own door has nothing that rings
        claim = f"told|{login_id}|{joined_at.isoformat()}"
        if tx.claims.take(agency_id, CLAIM, claim, own, till.clock.now()) != own:
            return 0
    try:
        _send(till, person, joined_at, login, request_id)
    except (PlatformRefused, PlatformOutcomeUnknown, ConfigurationFault):
        return 0
    except GuitaiError:  # the platform is away, or the ledger cannot commit: nothing left
        with till.store.begin((agency_id,)) as tx:
            tx.claims.release(agency_id, CLAIM, claim, own)
        raise
    return 1


def _find_joining(tx: Transaction, person_id: UUID) -> datetime | None:
    """When the account last got a log-in from another: only then was it new to this person, whenever it was first used."""
    for at, name, data in tx.persons.list_events(person_id, EVENTS_READ):
        if name == "account_joined" and data.get("into") == str(person_id):
            return at
    return None


def _send(till: Till, person: Person, joined_at: datetime, login: Login, request_id: str) -> None:
    app = till.directory.app_named(login.app)
    disclosure = disclose(
        till.catalogue.room("sign-in"),
        platform=login.platform,
        agency_id=app.agency_id,
        account=app.app,
        purpose="new_login_message",
        request_id=request_id,
        concerned=(person.chain_id,),
    )
    phrase, time = app.options.get("words_new_login", ",".join(WORD_KEYS[login.platform])).split(",")
    words = {phrase: NEW_LOGIN_PHRASE, time: write_moment(joined_at)}
    till.platforms[login.platform].send_message(app, login.user_id, TEMPLATE, words, PAGE, disclosure)


def write_moment(at: datetime) -> str:
    """A moment as a message shows it, in the time of China: 2026年11月2日 10:05."""
    local = at + SHANGHAI_OFFSET
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"
