"""Forms of fields that several offices ask for."""

from __future__ import annotations

NUMBER = r"[0-9A-Za-z_\-]{1,64}"
NAME = r".{1,50}"
IDENTITY_NUMBER = r"[1-9][0-9]{16}[0-9X]"
PHONE = r"1[0-9]{10}"
YUAN = r"(0|[1-9][0-9]{0,9})\.[0-9]{2}"
DAY = r"20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
MONTH = r"20[0-9]{2}-(0[1-9]|1[0-2])"
MOMENT = r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\+08:00"
TEXT = r".{1,200}"
CHANNEL = r"wechat|alipay|web|window"
APPLICANT = {"name": NAME, "idNumber": IDENTITY_NUMBER}
"""Name and identity number of who asks, as most offices call them."""
