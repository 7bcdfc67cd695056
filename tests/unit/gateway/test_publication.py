"""Published bodies: fixed by release, and those that a mapping brings along while we serve."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from gateway.publication import TEXT, Publication
from services.errors import ExposureUnavailable


class Ledger:
    """Keeps manifests; ``down`` makes it refuse."""

    def __init__(self) -> None:
        self.manifests: list[Mapping[str, str]] = []
        self.down = False

    def announce(self, manifest: Mapping[str, str]) -> None:
        """A manifest becomes a leaf."""
        if self.down:
            raise ExposureUnavailable
        self.manifests.append(manifest)


def test_a_body_that_comes_later_stands_in_the_ledger_before_it_may_leave() -> None:
    """The longer manifest is one leaf; the same body again is none; another body under the name is one more."""
    ledger = Ledger()
    publication = Publication(ledger.announce)
    publication.ensure_announced()
    for body in (b"OK", b"OK", b"TAKEN"):
        assert publication.publish_later("result/a-b/accepted", 200, TEXT, body).body == body
        assert publication.holds(body)
    assert [len(manifest) for manifest in ledger.manifests] == [len(ledger.manifests[0])] + [
        len(ledger.manifests[0]) + 1
    ] * 2


def test_without_the_ledger_it_is_not_published() -> None:
    """Nothing that is not announced may leave."""
    ledger = Ledger()
    publication = Publication(ledger.announce)
    publication.ensure_announced()
    ledger.down = True
    with pytest.raises(ExposureUnavailable):
        publication.publish_later("result/a-b/accepted", 200, TEXT, b"OK")
    assert not publication.holds(b"OK")


def test_a_later_body_announces_the_rest_too() -> None:
    """If it is the first to leave, everything else is announced with it."""
    ledger = Ledger()
    publication = Publication(ledger.announce)
    publication.publish_later("result/a-b/accepted", 200, TEXT, b"OK")
    publication.ensure_announced()
    assert len(ledger.manifests) == 1
    assert "error/internal/en" in ledger.manifests[0]
