"""Back ends at the addresses of the moment: an optional one that is absent proves nothing, a broken one stops the start."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

import pytest

from gateway.bindings import BoundFaceCheck, BoundRegister
from services.errors import ConfigurationFault
from services.model import BackEndAddress
from tests.fakes import FakeDirectory
from tests.unit.adapters.backends.fake_line import FakeLine, KnownSecrets, make_address, reply

MATCH = b'{"result": "MATCH", "transactionNo": "T1"}'


@dataclass
class Accounts(FakeDirectory):
    """A directory with the addresses that a test imports; it says no as the real one does."""

    addresses: dict[str, BackEndAddress] = field(default_factory=dict)

    def back_end(self, agency_id: UUID, name: str) -> BackEndAddress:
        if agency_id != self.root_agency() or name not in self.addresses:
            raise ConfigurationFault(f"back end {name} is not bound")
        return self.addresses[name]


@pytest.fixture
def accounts() -> Accounts:
    return Accounts(agencies={"demo-city": UUID(int=1), "demo-gas-office": UUID(int=2)})


def test_without_a_provider_no_face_proves_anything(accounts: Accounts) -> None:
    """An environment without a face check answers no and sends nothing."""
    line = FakeLine([reply(MATCH)])
    face = BoundFaceCheck(accounts, line, KnownSecrets())
    assert face.connect() is None
    assert face.verify("王小明", "110101199003070011", "FACE.x", "r") is False
    assert line.sent == []


def test_the_provider_is_asked_at_the_address_of_the_moment(accounts: Accounts) -> None:
    """Binding it, and moving it, takes effect without a restart."""
    line = FakeLine([reply(MATCH), reply(MATCH)])
    face = BoundFaceCheck(accounts, line, KnownSecrets())
    for url in ("http://one.test", "http://two.test"):
        accounts.addresses["face-check"] = make_address("face-check", url)
        assert face.verify("王小明", "110101199003070011", "FACE.x", "r") is True
    assert [sent.url for sent in line.sent] == ["http://one.test/face/verify", "http://two.test/face/verify"]


def test_a_provider_without_its_secret_is_a_fault_not_a_no(accounts: Accounts) -> None:
    """A bound provider whose key is missing is named at the start, and never taken for an absent one."""
    accounts.addresses["face-check"] = BackEndAddress(
        UUID(int=1), "face-check", "http://one.test", {"api_key": "absent"}
    )
    face = BoundFaceCheck(accounts, FakeLine(), KnownSecrets())
    with pytest.raises(ConfigurationFault):
        face.connect()
    with pytest.raises(ConfigurationFault):
        face.verify("王小明", "110101199003070011", "FACE.x", "r")


def test_the_register_is_not_optional(accounts: Accounts) -> None:
    """Nobody's real name can be proven without it: the start says so."""
    with pytest.raises(ConfigurationFault):
        BoundRegister(accounts, FakeLine(), KnownSecrets()).connect()
