"""What a mask may leave: enough to recognise one's own, too little to learn another's."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.schemas.fields import MASKED_TEXT
from gateway.schemas.households import HOUSEHOLD_NO_MASKED
from gateway.schemas.identity import PHONE_MASKED
from services.masking import mask_address, mask_household_no, mask_name, mask_phone, mask_value

HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1, max_size=30)
LATIN = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ '-.", min_size=1, max_size=60)
LATIN_ADDRESS = st.lists(LATIN, min_size=2, max_size=5).map(", ".join)
ANYTHING = st.text(max_size=80)
DIGITS = st.text("0123456789", min_size=1, max_size=15)


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("王小明", "**明"),
        ("王明", "*明"),
        ("王", "*"),
        ("欧阳小明", "**明"),
        ("买买提·吐尔逊", "**逊"),
        ("北京某某餐饮有限公司", "北京****公司"),
        ("John Smith", "J*** S***"),
        ("Jo", "****"),
        ("", "****"),
        ("　王小明　", "**明"),
    ],
)
def test_names(name: str, masked: str) -> None:
    """Chinese names keep their last character, Latin words their first letter, companies both ends."""
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("北京市朝阳区建国路88号3单元502室", "北京市朝阳区****"),
        ("示范市东城区一路1号", "示范市****"),
        ("朝阳路8号", "朝阳****"),
        ("内蒙古自治区呼和浩特市新城区中山路小区8号楼", "内蒙古自治区呼和浩特市****"),
        ("12 Baker Street, London", "****, London"),
        ("12 Baker Street", "****"),
        ("Building 5, Zhongguancun Street South, Haidian District Beijing", "****"),
        ("Flat 3, 12 Baker Street, NW1 6XE", "****"),
        ("", "****"),
    ],
)
def test_addresses(address: str, masked: str) -> None:
    """An address keeps its district, never a street number, never more than half."""
    assert mask_address(address) == masked


@pytest.mark.parametrize(
    ("phone", "masked"),
    [("13800138001", "138****8001"), ("+44 7911 123456", "****56"), ("12345", "****"), ("", "****")],
)
def test_phones(phone: str, masked: str) -> None:
    """A mainland number keeps three and four digits; another its last two."""
    assert mask_phone(phone) == masked


@pytest.mark.parametrize(("number", "masked"), [("10086001", "****6001"), ("123456", "****56"), ("1234", "****")])
def test_household_numbers(number: str, masked: str) -> None:
    """A short number shows nothing, because four digits of five are the number."""
    assert mask_household_no(number) == masked


@given(HAN)
def test_a_chinese_name_shows_at_most_one_character_or_the_ends_of_a_company(name: str) -> None:
    """Of a person one character; of an organisation of six and more at most four."""
    masked = mask_name(name)
    assert masked != name
    kept = len(masked.replace("*", ""))
    assert kept <= (4 if len(name) >= 6 else 1)
    assert kept < len(name)


@given(LATIN)
def test_a_latin_name_shows_initials_only(name: str) -> None:
    """One letter a word, three words at most, and the number of stars tells no length."""
    masked = mask_name(name)
    assert "*" in masked
    assert all(re.fullmatch(r"(\S\*\*\*|\*|\*\*\*\*)", word) for word in masked.split(" "))


@given(st.one_of(ANYTHING, HAN, LATIN, LATIN_ADDRESS))
def test_a_masked_name_or_address_has_the_form_that_the_guard_demands(text: str) -> None:
    """Whatever a company calls a person: there is a star, no digit, and it is short."""
    for masked in (mask_name(text), mask_address(text)):
        assert "*" in masked
        assert masked != text.strip() or set(text.strip()) <= set("* ,")
        assert re.fullmatch(MASKED_TEXT, masked), masked


@given(st.one_of(ANYTHING, HAN))
def test_an_address_keeps_at_most_half(address: str) -> None:
    """More than half of an address is an address."""
    kept = mask_address(address).replace("*", "").strip(", ")
    assert len(kept) <= max(1, len(address)) / 2 + 1


@given(st.one_of(DIGITS, ANYTHING))
def test_numbers_never_come_back_whole(number: str) -> None:
    """A phone or household number is never shown whole, and its mask has the declared form."""
    assert re.fullmatch(PHONE_MASKED, mask_phone(number))
    masked = mask_household_no(number)
    assert masked != number or set(number) == {"*"}
    shown = masked.removeprefix("****")
    assert len(shown) <= len(number) / 2


@given(st.text("0123456789ABCDEFabcdef-", min_size=1, max_size=35))
def test_a_household_number_of_the_allowed_form_masks_to_the_allowed_form(number: str) -> None:
    """The guard lets the mask of every acceptable household number out."""
    assert re.fullmatch(HOUSEHOLD_NO_MASKED, mask_household_no(number))


@pytest.mark.parametrize(
    ("mask", "value", "shown"),
    [
        ("name", "王小明", "**明"),
        ("phone", "13800138001", "138****8001"),
        ("address", "北京市朝阳区建国路88号502室", "北京市朝阳区****"),
        ("identity", "110101199003070011", "1****1"),
        ("identity", "11010119900307001X", "1****X"),
        ("identity", "１１０１０１１９９００３０７００１１", "1****1"),
        ("identity", "110101900307001", "****"),
        ("number", "LN0000000017", "****0017"),
        ("number", "17", "****"),
        ("", "有志者事竟成", "****成"),
        ("", "成", "****"),
        ("", "6222021234567890123", "****"),
        ("nonsense", "abcde", "****e"),
        ("", "", "****"),
    ],
)
def test_a_mask_of_a_mapping_hides_what_it_is_for(mask: str, value: str, shown: str) -> None:
    """Each by its own rule; without a rule the strictest one, which keeps no digit."""
    assert mask_value(mask, value) == shown


@given(st.text(), st.sampled_from(["name", "phone", "identity", "number", "address", "", "other"]))
def test_no_mask_gives_the_value_back(value: str, mask: str) -> None:
    """Whatever the value is, it does not come out as it went in."""
    assert mask_value(mask, value) != value or "*" in value
