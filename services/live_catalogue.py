"""A catalogue that changes while it is read: one moment of it, and a mapping that looks each time."""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, ValuesView
from dataclasses import dataclass, field
from typing import TypeVar

from services.mapping import ServiceMapping, Texts

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The catalogue at one moment. ``version`` is the counter's value at which it was read."""

    version: int
    services: Mapping[str, ServiceMapping] = field(default_factory=dict)
    switched_off: Mapping[str, Texts] = field(default_factory=dict)


class LiveMapping(Mapping[str, V]):
    """A mapping that reads its present content at each look; iteration is over one moment's content."""

    def __init__(self, read: Callable[[], Mapping[str, V]]) -> None:
        self._read = read

    def __getitem__(self, key: str) -> V:
        return self._read()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def keys(self) -> KeysView[str]:
        return self._read().keys()

    def items(self) -> ItemsView[str, V]:
        return self._read().items()

    def values(self) -> ValuesView[V]:
        return self._read().values()
