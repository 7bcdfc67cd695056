"""Fields whose form is exact and whose meaning for the exposure ledger is part of their definition.

``exposure`` is a name from ``config/vocabulary.yaml``. ``form`` is a regular expression for the whole value as it stands in the
bytes: the guard matches it again on the way out, so that nothing hides in a text. Forms also appear in the OpenAPI document.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from marshmallow import INCLUDE, RAISE, Schema, ValidationError, fields

from services.model import write_moment

UUID_FORM = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
MOMENT_FORM = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"
DATE_FORM = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
PLAIN_TEXT = r"[^\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]"
"""One character of a text for people: no control characters, no line ends, no lone surrogates."""
MASKED_TEXT = r"[^\x00-\x1f\x7f0-9\ud800-\udfff]{0,20}\*[^\x00-\x1f\x7f0-9\ud800-\udfff]{0,20}"
"""A masked name or address: at least one star, no digit, short."""


class Strict(Schema):
    """A schema that refuses what it does not know and keeps the order of its fields."""

    class Meta:
        """What is not named is refused."""

        unknown = RAISE


class Varied(Schema):
    """What is the same for every service of a table whose members are each service's own; only for the documentation."""

    class Meta:
        """Its members are not listed here."""

        unknown = INCLUDE


def about(exposure: str, form: str, **documented: Any) -> dict[str, Any]:
    """The metadata of a field; ``documented`` adds OpenAPI keys such as ``description`` and ``example``."""
    return {"exposure": exposure, "form": form, "x-exposure": exposure, **documented}


class Word(fields.String):
    """A text of one exact form."""

    def __init__(self, exposure: str, form: str, *, description: str = "", example: str = "", **more: Any) -> None:
        known = {"pattern": f"^(?:{form})$"} if form.isascii() and "ud800" not in form else {}
        if description:
            known["description"] = description
        if example:
            known["example"] = example
        super().__init__(metadata=about(exposure, form, **known), **more)
        self._pattern = re.compile(form)

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> Any:
        if not isinstance(value, str) or not self._pattern.fullmatch(value):
            raise ValidationError("form")
        return value


class Plain(fields.Raw):
    """A plain value of one form in the bytes, handed on as it is: whoever reads it says what it may be."""

    def __init__(self, exposure: str, form: str, **more: Any) -> None:
        super().__init__(metadata=about(exposure, form), **more)


class Values(fields.Dict):
    """Values by name, handed on as they are; ``exposure`` is what an empty table tells."""

    def __init__(self, exposure: str, *, description: str = "", **more: Any) -> None:
        note = {"description": description} if description else {}
        super().__init__(keys=fields.String(), metadata=about(exposure, r"\{\}", **note), **more)

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> Any:
        if not isinstance(value, dict):
            raise ValidationError("form")
        return value


class Choice(Word):
    """One of a few words."""

    def __init__(self, exposure: str, words: tuple[str, ...], **more: Any) -> None:
        super().__init__(exposure, "|".join(re.escape(word) for word in words), **more)
        self.metadata = {**self.metadata, "enum": list(words)}


class Fen(fields.Integer):
    """An amount in fen, a JSON integer: neither a text nor a fraction nor a boolean."""

    def __init__(self, exposure: str, *, least: int = 0, description: str = "", **more: Any) -> None:
        form = "-?[0-9]{1,12}" if least < 0 else "[0-9]{1,12}"
        note = {"description": description} if description else {}
        super().__init__(metadata=about(exposure, form, minimum=least, maximum=10**11, **note), **more)
        self._least = least

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> Any:
        if not isinstance(value, int) or isinstance(value, bool) or not self._least <= value <= 10**11:
            raise ValidationError("whole_fen")
        return value


class Count(fields.Integer):
    """A small whole number that is not money; ``digits`` at most."""

    def __init__(self, exposure: str, *, digits: int = 9, **more: Any) -> None:
        super().__init__(metadata=about(exposure, f"[0-9]{{1,{digits}}}"), **more)


class Level(fields.Integer):
    """One of five levels, a JSON integer: neither a text nor a fraction nor a boolean."""

    def __init__(self, exposure: str, *, description: str = "", **more: Any) -> None:
        super().__init__(metadata=about(exposure, "[1-5]", minimum=1, maximum=5, description=description), **more)

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> Any:
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 5:
            raise ValidationError("not_a_choice")
        return value


class Days(fields.Integer):
    """A number of days; below 0 what is late."""

    def __init__(self, exposure: str, **more: Any) -> None:
        super().__init__(metadata=about(exposure, "-?[0-9]{1,5}"), **more)


class Flag(fields.Boolean):
    """true or false."""

    def __init__(self, exposure: str, **more: Any) -> None:
        super().__init__(metadata=about(exposure, "true|false", **more.pop("documented", {})), **more)


class Id(fields.UUID):
    """A random number of ours."""

    def __init__(self, exposure: str = "reference", **more: Any) -> None:
        super().__init__(metadata=about(exposure, UUID_FORM), **more)

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> Any:
        if not isinstance(value, str) or not re.fullmatch(UUID_FORM, value):
            raise ValidationError("form")
        return super()._deserialize(value, attr, data, **more)


class Moment(fields.AwareDateTime):
    """A moment in UTC to the second: 2026-11-24T08:00:00Z. What is shown inside a platform's app needs no finer grain."""

    def __init__(self, exposure: str, **more: Any) -> None:
        super().__init__(metadata=about(exposure, MOMENT_FORM), **more)

    def _serialize(self, value: Any, attr: Any, obj: Any, **more: Any) -> Any:
        if not isinstance(value, datetime):
            return None
        return write_moment(value)


class Day(fields.Date):
    """A date."""

    def __init__(self, exposure: str, **more: Any) -> None:
        super().__init__(metadata=about(exposure, DATE_FORM), **more)


class Many(fields.List[Any]):
    """A list; ``exposure`` is what an empty one tells."""

    def __init__(self, exposure: str, inner: Any, **more: Any) -> None:
        super().__init__(inner, metadata=about(exposure, r"\[\]"), **more)


class Part(fields.Nested):
    """An object inside an object; ``exposure`` is what an absent one tells."""

    def __init__(self, exposure: str, inner: Any, *, description: str = "", **more: Any) -> None:
        note = {"description": description} if description else {}
        super().__init__(inner, metadata=about(exposure, r"\{\}", **note), **more)
