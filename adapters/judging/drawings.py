"""How much a page draws: a form that draws ten forms that draw ten forms (…) stands for a page that never ends.

A form XObject is drawn by ``/Name Do`` in the content of a page or of another form (ISO 32000-1 §8.8, §8.10). Counted is each drawing,
the inner ones as often as the outer one is drawn.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject

from adapters.judging.verdict import MAXIMUM_DRAWN, BytesRefusedError

_DRAW = re.compile(rb"/([^\s/<>\[\](){}%]{1,128})\s+Do\b")
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_DEPTH = 40
Key = tuple[int, int]


@dataclass
class Drawings:
    """What every stream of a file draws, by name, and what the names of each form mean."""

    calls: dict[Key, Counter[str]] = field(default_factory=dict)
    meaning: dict[Key, dict[str, Key]] = field(default_factory=dict)
    weights: dict[Key, int] = field(default_factory=dict)

    def add(self, reference: IndirectObject, stream: StreamObject, decoded: bytes) -> None:
        """Note what one decoded stream draws."""
        key = (reference.idnum, reference.generation)
        found = Counter(_plain(name) for name in _DRAW.findall(decoded))
        if found:
            self.calls[key] = found
        named = _read_names(stream)
        if named is not None:
            self.meaning[key] = named

    def require_few(self, pages: list[DictionaryObject]) -> None:
        """Raise ``BytesRefusedError`` (bomb) for a file that draws too much, or something inside itself."""
        total = 0
        for page in pages:
            names = _read_names(page, inherit=True) or {}
            for key in _list_contents(page):
                total += self._weigh(self.calls.get(key, Counter()), names, names, ())
            if total > MAXIMUM_DRAWN:
                raise BytesRefusedError("bomb")

    def _weigh(self, calls: Counter[str], names: dict[str, Key], outer: dict[str, Key], above: tuple[Key, ...]) -> int:
        weight = 0
        for name, times in calls.items():
            key = names.get(name)
            weight += times * (1 if key is None else self._weigh_form(key, outer, above))
            if weight > MAXIMUM_DRAWN:
                raise BytesRefusedError("bomb")
        return weight

    def _weigh_form(self, key: Key, outer: dict[str, Key], above: tuple[Key, ...]) -> int:
        if key in above or len(above) > _DEPTH:
            raise BytesRefusedError("bomb")
        if key not in self.weights:
            calls, names = self.calls.get(key, Counter()), self.meaning.get(key, outer)
            self.weights[key] = 1 + self._weigh(calls, names, outer, (*above, key))
        return self.weights[key]


def _plain(name: bytes) -> str:
    return _ESCAPE.sub(lambda found: bytes((int(found[1], 16),)), name).decode("latin-1")


def _read_names(holder: DictionaryObject, *, inherit: bool = False) -> dict[str, Key] | None:
    """The names of forms and images among a page's or form's resources; None where it has no resources of its own."""
    resources = _find(holder, "/Resources", inherit=inherit)
    if not isinstance(resources, DictionaryObject):
        return None
    objects = _find(resources, "/XObject")
    if not isinstance(objects, DictionaryObject):
        return {}
    found = {name: objects.raw_get(name) for name in objects}
    return {
        str(name).removeprefix("/"): (one.idnum, one.generation)
        for name, one in found.items()
        if isinstance(one, IndirectObject)
    }


def _find(holder: DictionaryObject, key: str, *, inherit: bool = False) -> object:
    for _ in range(_DEPTH):
        if key in holder:
            found = holder.get(key)
            return found.get_object() if found is not None else None
        above = holder.get("/Parent") if inherit else None
        above = above.get_object() if above is not None else None
        if not isinstance(above, DictionaryObject):
            return None
        holder = above
    return None


def _list_contents(page: DictionaryObject) -> list[Key]:
    if "/Contents" not in page:
        return []
    told = page.raw_get("/Contents")
    parts = [told]
    if isinstance(told, IndirectObject):
        inner = told.get_object()
        parts = list(list.__iter__(inner)) if isinstance(inner, ArrayObject) else [told]
    elif isinstance(told, ArrayObject):
        parts = list(list.__iter__(told))
    return [(part.idnum, part.generation) for part in parts if isinstance(part, IndirectObject)]
