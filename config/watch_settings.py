"""Settings of the mail to the supervision office and of the watchman (docs/watching.md); part of ``settings.VARIABLES``."""

from __future__ import annotations

from collections.abc import Mapping

from config.mail_place import (
    MailPlace,
    is_loopback,
    read_mail_address,
    read_mail_addresses,
    read_mail_place,
    read_password,
)
from config.setting_readers import read_integer, read_path, read_seconds
from config.setting_variable import Variable

WATCH_VARIABLES: Mapping[str, Variable] = {
    "smtp_url": Variable(
        "GUITAI_SMTP_URL",
        read_mail_place,
        "Mail server for mail to the supervision office: smtps://user@host:465 or smtp+starttls://user@host:587; plain smtp:// is refused "
        "in production except on this machine. Without it no mail is sent.",
        "",
    ),
    "smtp_password": Variable(
        "GUITAI_SMTP_PASSWORD", read_password, "The password of the user in GUITAI_SMTP_URL.", "", secret=True
    ),
    "smtp_authorities": Variable(
        "GUITAI_SMTP_AUTHORITIES",
        read_path,
        "PEM file of the authorities that vouch for the mail server; without it the public ones.",
        "",
    ),
    "mail_from": Variable(
        "GUITAI_MAIL_FROM", read_mail_address, "Address from which mail to the supervision office comes.", ""
    ),
    "watch_mail": Variable(
        "GUITAI_WATCH_MAIL",
        read_mail_addresses,
        "To whom the watchman writes: addresses with commas between them; without it the root agency's supervision office.",
        "",
    ),
    "watch_diary": Variable(
        "GUITAI_WATCH_DIARY",
        read_path,
        "File in which the watchman keeps what it has told: on this machine, not in the store that it watches.",
        "var/watchman.json",
    ),
    "watch_seconds": Variable(
        "GUITAI_WATCH_SECONDS", read_seconds, "How often the watchman looks; four looks in a row are believed.", "30"
    ),
    "sweep_late_minutes": Variable(
        "GUITAI_SWEEP_LATE_MINUTES",
        read_integer(1, 1440),
        "After how long without a sweep of alerts the supervision office is told, minutes.",
        "10",
    ),
    "calendar_days": Variable(
        "GUITAI_CALENDAR_DAYS",
        read_integer(1, 365),
        "How many days before the calendar of working days ends the supervision office is told.",
        "45",
    ),
}
"""By attribute name of ``settings.Settings``."""


def find_mail_faults(values: Mapping[str, object]) -> list[str]:
    """What contradicts itself among these settings and ``environment``, as far as they were read."""
    place, faults = values.get("smtp_url"), find_restless(values)
    if not isinstance(place, MailPlace):
        return faults
    if values.get("mail_from") is None:
        faults.append("GUITAI_MAIL_FROM is not set, but GUITAI_SMTP_URL is")
    if bool(place.user) != (values.get("smtp_password") is not None):
        faults.append("a user in GUITAI_SMTP_URL and GUITAI_SMTP_PASSWORD belong together")
    if values.get("environment") == "production" and place.security == "plain" and not is_loopback(place):
        faults.append("GUITAI_SMTP_URL must begin with smtps:// or smtp+starttls:// in production")
    return faults


def find_restless(values: Mapping[str, object]) -> list[str]:
    """A sweeper that is late between two of its sweeps would be an outage without end."""
    late, every = values.get("sweep_late_minutes"), values.get("sweep_seconds")
    if isinstance(late, int) and isinstance(every, int | float) and late * 60 < 2 * every:
        return ["GUITAI_SWEEP_LATE_MINUTES must be at least twice GUITAI_SWEEP_SECONDS"]
    return []
