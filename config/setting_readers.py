"""How one setting is read from its text: each reader gives the value or raises ``ValueError`` with what it must be, never with the text."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit


def read_choice(choices: tuple[str, ...]) -> Callable[[str], str]:
    """One of these words."""

    def read(text: str) -> str:
        if text not in choices:
            raise ValueError("must be one of " + ", ".join(choices))
        return text

    return read


def read_integer(lowest: int, highest: int) -> Callable[[str], int]:
    """A whole number within limits."""

    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,12}", text) or not lowest <= int(text) <= highest:
            raise ValueError(f"must be a whole number from {lowest} to {highest}")
        return int(text)

    return read


def read_seconds(text: str) -> float:
    """A span in seconds, fractions allowed."""
    if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,3})?", text) or not 0 < float(text) <= 300:
        raise ValueError("must be a number of seconds, above 0 and at most 300")
    return float(text)


def read_hours(text: str) -> tuple[int, int]:
    """Two full hours of the day, as 22-8: from the first to the second, over midnight if that is less; the same twice: no time at all."""
    found = re.fullmatch(r"([0-9]{1,2})-([0-9]{1,2})", text)
    first, last = (int(found[1]), int(found[2])) if found else (24, 24)
    if first > 23 or last > 23:
        raise ValueError("must be two hours from 0 to 23 with a hyphen between them")
    return first, last


def read_address(*schemes: str) -> Callable[[str], str]:
    """An address with one of these schemes."""

    def read(text: str) -> str:
        try:
            scheme = urlsplit(text).scheme
        except ValueError:
            scheme = ""
        if scheme not in schemes or not text.startswith(f"{scheme}://"):
            raise ValueError("must begin with " + " or ".join(f"{name}://" for name in schemes))
        return text

    return read


def read_public_address(text: str) -> str:
    """An outside address of ours, without the slash at its end."""
    parts = urlsplit(read_address("http", "https")(text))
    if parts.query or parts.fragment or parts.username or not parts.hostname:
        raise ValueError("must be scheme, host and path alone: platforms refuse notice addresses with a query")
    return text.rstrip("/")


def read_yes(text: str) -> bool:
    """Yes or no."""
    if text not in ("yes", "no"):
        raise ValueError("must be yes or no")
    return text == "yes"


def read_words(text: str) -> str:
    """Printable ASCII."""
    if not re.fullmatch(r"[\x21-\x7e]{1,512}", text):
        raise ValueError("must be 1 to 512 printable ASCII characters")
    return text


def read_path(text: str) -> Path:
    """A path."""
    if not text:
        raise ValueError("must not be empty")
    return Path(text)


def read_private_hosts(text: str) -> tuple[str, ...]:
    """Host names and networks."""
    entries = tuple(entry.strip() for entry in text.split(",") if entry.strip())
    for entry in entries:
        try:
            ipaddress.ip_network(entry)
        except ValueError:
            name = re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.\-]{0,251}[A-Za-z0-9])?", entry)
            if not name or entry.replace(".", "").isdigit():
                raise ValueError("must be host names or networks like 10.1.0.0/16, with commas between them") from None
    return entries


NUMBER_PARTS = {"agency": 9, "service": 20, "date": 8, "year": 4, "number": 6, "check": 1}
"""What a case number may be made of, and how many characters each has at least (services/case_numbers.py)."""


def read_number_format(text: str) -> str:
    """A format that tells agencies apart, counts, and is no longer than 办件编号 may be."""
    parts = re.findall(r"\{([a-z]+)\}", text)
    literal = re.sub(r"\{[a-z]+\}", "", text)
    if not re.fullmatch(r"[A-Z0-9-]*", literal) or not set(parts) <= set(NUMBER_PARTS) or len(set(parts)) < len(parts):
        raise ValueError("must be made of {agency}, {service}, {date}, {year}, {number}, {check}, A-Z, 0-9 and hyphens")
    if not {"agency", "number"} <= set(parts):
        raise ValueError("must hold {agency} and {number}: else two cases could have one number")
    if "check" in parts and not text.endswith("{check}"):
        raise ValueError("must end with {check}, if it has one")
    if len(literal) + sum(NUMBER_PARTS[part] for part in parts) > 50:
        raise ValueError("makes a number of more than 50 characters")
    return text


def read_release(text: str) -> str:
    """The name of a release."""
    if not re.fullmatch(r"[0-9A-Za-z.+_-]{1,64}", text):
        raise ValueError("must be 1 to 64 letters, digits, dots, plus, underscore or hyphen")
    return text
