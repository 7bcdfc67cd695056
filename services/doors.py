"""Which doors of the counter stand in a platform's shop, and which are the government's own.

What passes a platform's door is recorded in the ledger; what passes a door of our own is seen by nobody else.
"""

from __future__ import annotations

from services.model import PlatformName

PLATFORMS = (PlatformName.WECHAT, PlatformName.ALIPAY)
"""The shops in which the counter stands."""
OWN_DOORS = (PlatformName.WEB, PlatformName.WINDOW)
"""The government's own web page (政务网站) and the window (服务窗口)."""


def is_own(door: PlatformName) -> bool:
    """Whether no platform sees what passes here."""
    return door in OWN_DOORS
