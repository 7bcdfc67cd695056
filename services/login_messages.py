"""Telling a person of a new log-in, on the log-ins that they had before: whoever did not expect it can cut it off.

The message is two things from a closed list: a fixed phrase and a time. It names neither the person nor the other platform.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from services.errors import ConfigurationFault, PlatformOutcomeUnknown, PlatformRefused, PlatformUnreachable
from services.mapping import disclose
from services.model import Login, Person, PlatformName
from services.till import SHANGHAI_OFFSET, Till

TEMPLATE = "template_new_login"
NEW_LOGIN_PHRASE = "您的账户有新的登录"
PHRASES = (NEW_LOGIN_PHRASE,)
"""The phrases that may leave in a message, beside times."""

PAGE = "pages/logins/index"

WORD_KEYS: Mapping[PlatformName, tuple[str, str]] = {
    PlatformName.WECHAT: ("thing1", "time2"),
    PlatformName.ALIPAY: ("keyword1", "keyword2"),
}
"""Where phrase and time stand in a template, unless the app's option ``words_new_login`` ("phrase,time") says otherwise."""


def tell_new_login(till: Till, agency_id: UUID, login_id: UUID, request_id: str) -> int:
    """Job: tell every other active log-in of the person; returns how many were told.

    Those who refuse messages are not told again, and an unknown outcome is left as it is: the account page shows the log-in in any
    case. Raises ``NotFound`` for a log-in that is gone, ``PlatformUnreachable`` if not one of them could be asked: try again. If
    some could, the job has done what it can: trying again would tell those again, for as long as another platform is away.
    """
    with till.store.begin((agency_id,)) as tx:
        new = tx.persons.load_login(login_id)
        person = tx.persons.load(new.person_id)
        others = [
            row for row in tx.persons.list_logins(person.person_id) if row.login_id != login_id and not row.revoked_at
        ]
    told = asked = 0
    for login in others:
        try:
            _send(till, person, new, login, request_id)
        except PlatformUnreachable:
            continue
        except (PlatformRefused, PlatformOutcomeUnknown, ConfigurationFault):
            asked += 1
            continue
        told, asked = told + 1, asked + 1
    if others and not asked:
        raise PlatformUnreachable("no log-in of the person could be told")
    return told


def _send(till: Till, person: Person, new: Login, login: Login, request_id: str) -> None:
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
    words = {phrase: NEW_LOGIN_PHRASE, time: write_moment(new.created_at)}
    till.platforms[login.platform].send_message(app, login.user_id, TEMPLATE, words, PAGE, disclosure)


def write_moment(at: datetime) -> str:
    """A moment as a message shows it, in the time of China: 2026年11月2日 10:05."""
    local = at + SHANGHAI_OFFSET
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"
