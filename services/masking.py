"""What may be shown of a personal value inside a platform's app: enough to recognise one's own, too little to learn another's.

A platform sees every screen, so a mask is a rule of disclosure, not decoration (PIPL articles 6 and 19: the minimum). What is
hidden becomes a fixed number of stars: the mask does not tell the length. Nothing here ever returns the value itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping

STARS = "****"
_ORGANISATION = re.compile(r"(公司|集团|商店|餐厅|饭店|超市|工厂|学校|医院|中心|协会|部|局|院|厂|店|社|所|队|站|馆)$")
_DISTRICT = re.compile(r"[省市县区旗州盟]")
DISTRICT_CHARACTERS = 16
"""Province, city and district fit; a community or a street with 区 in its name further on does not count."""
_LETTER = re.compile(r"[^\W\d_]")


def mask_name(name: str) -> str:
    """A name, reduced: 王小明 becomes ``**明``, John Smith ``J*** S***``, a company its first two and last two characters.

    Of a Chinese name the last character is kept (the family name says most about a family), of a Latin word the first letter.
    """
    text = _tidy(name)
    if not _is_wide(text):
        return _mask_latin_name(text)
    letters: list[str] = _LETTER.findall(text)
    if len(letters) < 2:
        return "*"
    if len(letters) >= 6 and _ORGANISATION.search(text):
        return "".join(letters[:2]) + STARS + "".join(letters[-2:])
    return ("*" if len(letters) == 2 else "**") + letters[-1]


def _mask_latin_name(text: str) -> str:
    words = ["".join(_LETTER.findall(word)) for word in text.split(" ")]
    long_enough = [word for word in words if len(word) > 2]
    if not long_enough:
        return STARS
    return " ".join(f"{word[0]}***" if len(word) > 2 else "*" for word in words[:3] if word)


def mask_address(address: str) -> str:
    """An address, reduced to its district: 北京市朝阳区建国路88号502室 becomes ``北京市朝阳区****``; of a Latin one the last part.

    No digit is ever kept, and never more than half of the characters.
    """
    text = _tidy(address)
    if not _is_wide(text):
        return _mask_latin_address(text)
    named = re.split(r"\d", text)[0]
    ends = [
        found.end() for found in _DISTRICT.finditer(named) if found.end() <= min(len(text) // 2, DISTRICT_CHARACTERS)
    ]
    kept = ends[-1] if ends else min(2, len(text) // 2)
    return named[:kept] + STARS


def _mask_latin_address(text: str) -> str:
    last = text.rsplit(",", 1)[-1].strip()
    if "," not in text or re.search(r"\d", last) or len(last) > min(len(text) // 2, DISTRICT_CHARACTERS):
        return STARS
    return f"{STARS}, {last}"


def mask_phone(phone: str) -> str:
    """A phone number: 13800138001 becomes ``138****8001``; of any other form its last two digits."""
    digits = re.sub(r"\D", "", _tidy(phone))
    if len(digits) == 11 and digits.startswith("1"):
        return digits[:3] + STARS + digits[-4:]
    return STARS + (digits[-2:] if len(digits) >= 7 else "")


def mask_household_no(household_no: str) -> str:
    """A household number (户号): its last four characters if it has at least eight, its last two from five, else nothing of it."""
    text = "".join(
        character for character in household_no if character.isascii() and (character.isalnum() or character == "-")
    )
    shown = 4 if len(text) >= 8 else 2 if len(text) >= 5 else 0
    return STARS + (text[-shown:] if shown else "")


def mask_identity(number: str) -> str:
    """An identity number of 18 places: 110101199003070011 becomes ``1****1``; of any other form nothing of it.

    First and last place alone: region and birth date are personal, and the last four would open many doors.
    """
    text = "".join(character for character in _tidy(number) if character.isascii() and character.isalnum())
    return f"{text[0]}{STARS}{text[-1]}" if len(text) == 18 else STARS


def mask_number(number: str) -> str:
    """A licence, account, taxpayer or plate number: as ``mask_household_no``."""
    return mask_household_no(_tidy(number))


def mask_generic(text: str) -> str:
    """Anything else: its last character if it has at least four, else nothing of it; of what ends in a digit nothing."""
    tidy = _tidy(text)
    return STARS + (tidy[-1] if len(tidy) >= 4 and _LETTER.fullmatch(tidy[-1]) else "")


MASKS: Mapping[str, Callable[[str], str]] = {
    "name": mask_name,
    "identity": mask_identity,
    "phone": mask_phone,
    "address": mask_address,
    "number": mask_number,
}
"""The masks that a mapping may name (``config/mapping_schema.py``)."""


def mask_value(mask: str, value: str) -> str:
    """A value under the mask of this name; under an unknown or no name the strictest one."""
    return MASKS.get(mask, mask_generic)(value)


def _tidy(text: str) -> str:
    """One form for what looks the same: full-width digits and letters, one kind of space, no controls."""
    plain = "".join(
        character for character in unicodedata.normalize("NFKC", text) if unicodedata.category(character)[0] != "C"
    )
    return " ".join(plain.split())


def _is_wide(text: str) -> bool:
    return any(unicodedata.east_asian_width(character) in "WF" for character in text)
