"""The fixed sentences of the counter, by language: one for every error code and for every no of a back end.

Read from ``config/locales`` once at start. ``refusals`` are the error names of ``config/mapping_schema.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config.mapping_schema import LOCALE
from services.errors import ConfigurationFault, GuitaiError
from services.mapping_reader import read_shaped
from services.model import Language

Sentences = Mapping[Language, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Wording:
    """Sentences by language and code."""

    errors: Sentences
    refusals: Sentences

    @classmethod
    def load(cls, folder: Path) -> Wording:
        """Read ``<language>.yaml`` of every language. Raises ``ConfigurationFault`` with all faults, or for unequal keys."""
        read = {language: _read_locale(folder / f"{language}.yaml") for language in Language}
        found = {
            section: {language: locale[section] for language, locale in read.items()}
            for section in ("errors", "refusals")
        }
        for section, sentences in found.items():
            if len({frozenset(table) for table in sentences.values()}) != 1:
                raise ConfigurationFault(f"{folder}: the languages do not have the same {section}")
        return cls(**found)

    def say_error(self, code: str, language: Language) -> str:
        """The sentence for an error code; that of ``internal`` for a code without one."""
        sentences = self.errors[language]
        return sentences.get(code, sentences[GuitaiError.code])

    def say_refusal(self, reason: str, language: Language) -> str:
        """The sentence for a back end's no; that of ``back_end_refused`` for a name without one."""
        return self.refusals[language].get(reason) or self.say_error("back_end_refused", language)


def _read_locale(path: Path) -> Mapping[str, Mapping[str, str]]:
    try:
        document = read_shaped(str(path), path.read_bytes(), LOCALE)
    except OSError:
        raise ConfigurationFault(f"{path}: this file cannot be read") from None
    if document.faults:
        raise ConfigurationFault("\n".join(str(fault) for fault in document.faults))
    found: Mapping[str, Mapping[str, str]] = document.value
    return found
