"""Which doors of the counter stand in a platform's shop, and which are the government's own.

What passes a platform's door is recorded in the ledger; what passes a door of our own is seen by nobody else.
"""

from __future__ import annotations

from uuid import UUID

from services.model import PlatformApp, PlatformName

PLATFORMS = (PlatformName.WECHAT, PlatformName.ALIPAY)
"""The shops in which the counter stands."""
OWN_DOORS = (PlatformName.WEB, PlatformName.WINDOW)
"""The government's own web page (政务网站) and the window (服务窗口)."""


def is_own(door: PlatformName) -> bool:
    """Whether no platform sees what passes here."""
    return door in OWN_DOORS


def belongs_here(made_at: PlatformName, door: PlatformName) -> bool:
    """Whether a matter that came through one door may be seen at another: at an own door every matter, in a shop only its own."""
    return is_own(door) or made_at is door


def limit_to(door: PlatformName) -> PlatformName | None:
    """To which door a list is limited that is shown here: in a shop to that shop, at an own door to none."""
    return None if is_own(door) else door


def own_app(door: PlatformName, root_agency: UUID) -> PlatformApp:
    """What stands for an own door where a mini-program stands for a platform's: no address, no secret, the root agency's."""
    return PlatformApp(root_agency, str(door), door, str(door), "")


def find_own_app(name: str, root_agency: UUID) -> PlatformApp | None:
    """The own door of this name, if it is one; no app of an accounts document may be called so."""
    return own_app(PlatformName(name), root_agency) if name in OWN_DOORS else None
