"""Rules of services/wording.py and config/locales: a sentence for everything that can be said."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.back_end_schema import ERROR_NAMES
from services import case_errors
from services.errors import ConfigurationFault, GuitaiError
from services.model import Language
from services.wording import Wording

LOCALES = Path(__file__).parents[3] / "config" / "locales"


def walk(error: type[GuitaiError]) -> Iterator[type[GuitaiError]]:
    yield error
    for child in error.__subclasses__():
        yield from walk(child)


def test_every_code_has_its_sentence() -> None:
    """Every error code, and no other, has a sentence in every language, different in each."""
    wording = Wording.load(LOCALES)
    said = {"services.errors", case_errors.__name__}
    codes = {error.code for error in walk(GuitaiError) if error.__module__ in said}
    for language in Language:
        assert set(wording.errors[language]) == codes
        assert set(wording.refusals[language]) == set(ERROR_NAMES)
    for code in codes:
        assert wording.say_error(code, Language.ZH_CN) != wording.say_error(code, Language.EN)


def test_unknown_codes() -> None:
    """A code without a sentence gets the general one, never an exception."""
    wording = Wording.load(LOCALES)
    assert wording.say_error("new", Language.EN) == wording.errors[Language.EN]["internal"]
    assert wording.say_refusal("new", Language.EN) == wording.errors[Language.EN]["back_end_refused"]


def test_unequal_languages(tmp_path: Path) -> None:
    """A language that lacks a sentence of another, or a whole file, stops the start."""
    shutil.copytree(LOCALES, tmp_path / "locales")
    english = tmp_path / "locales" / "en.yaml"
    english.write_text(
        english.read_text().replace("  nothing_owed: Nothing is owed on this bill; you need not pay.\n", "")
    )
    with pytest.raises(ConfigurationFault, match="same errors"):
        Wording.load(tmp_path / "locales")
    english.unlink()
    with pytest.raises(ConfigurationFault, match=r"en\.yaml"):
        Wording.load(tmp_path / "locales")
