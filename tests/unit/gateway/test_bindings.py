"""Back ends at the addresses of the moment: an optional one that is absent proves nothing, a broken one stops the start."""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass, field, replace
from uuid import UUID

import pytest

from adapters.backends.breaker import FAILURES
from adapters.backends.observation import ObservedCall
from adapters.reach import EVERYWHERE
from gateway.bindings import (
    BackEnds,
    BoundFaceCheck,
    BoundOrganisationRegister,
    BoundPushedResults,
    BoundRegister,
    TrialBackEnd,
)
from services.errors import BackEndGarbled, ConfigurationFault, NoticeRefused, ServiceOff
from services.expressions import compile_expression
from services.mapping import Late
from services.model import BackEndAddress
from services.reply_shape import plant_reply
from tests.fakes import FakeDirectory
from tests.unit.adapters.backends.fake_line import (
    CATALOGUE,
    WRITE_OFF,
    FakeLine,
    KnownSecrets,
    StillClock,
    make_address,
    reply,
)

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


def test_without_a_business_register_nobody_acts_for_a_company(accounts: Accounts) -> None:
    """An environment without one says that the service is off, and sends nothing; one without its secret is named at the start."""
    line = FakeLine()
    register = BoundOrganisationRegister(accounts, line, KnownSecrets())
    assert register.connect() is None
    with pytest.raises(ServiceOff):
        register.find("91110101MA01ABCD19", "r")
    accounts.addresses["organisation-register"] = BackEndAddress(
        UUID(int=1), "organisation-register", "http://one.test", {"token": "absent"}
    )
    with pytest.raises(ConfigurationFault):
        register.connect()
    assert line.sent == []


def test_registers_are_asked_at_the_address_of_the_moment(accounts: Accounts) -> None:
    """The business register and kinship, each at what is bound when somebody asks."""
    line = FakeLine([reply(b'{"code": "NO_SUCH_ORGANISATION"}', 404), reply(b'{"relation": "PARENT"}')])
    accounts.addresses["organisation-register"] = BackEndAddress(
        UUID(int=1), "organisation-register", "http://one.test", {"token": "key-file"}
    )
    accounts.addresses["register"] = make_address("register", "http://two.test")
    assert BoundOrganisationRegister(accounts, line, KnownSecrets()).find("91110101MA01ABCD19", "r") is None
    assert BoundRegister(accounts, line, KnownSecrets()).is_parent("1", "2", "r") is True
    assert [sent.url for sent in line.sent] == [
        "http://one.test/v1/organisations/91110101MA01ABCD19",
        "http://two.test/register/kinship",
    ]


@dataclass
class Office(FakeDirectory):
    """A directory that knows one address by each of these names."""

    names: tuple[str, ...] = ()

    def back_end(self, agency_id: UUID, name: str) -> BackEndAddress:
        if name not in self.names:
            raise ConfigurationFault(f"back end {name} is not bound")
        return make_address(name, f"http://{name}.test")


def try_out(names: tuple[str, ...], test_back_end: str, line: FakeLine) -> tuple[TrialBackEnd, list[ObservedCall]]:
    """The gas bill's back ends for a trial, and what an observer sees."""
    mapping = CATALOGUE.service("gas-bill")
    mapping = replace(mapping, back_end=replace(mapping.back_end, test_back_end=test_back_end))
    office = Office(agencies={"demo-city": UUID(int=1), mapping.agency: UUID(int=2)}, names=names)
    seen: list[ObservedCall] = []
    back_ends = BackEnds(office, line, KnownSecrets(), StillClock(), EVERYWHERE)
    return back_ends.find_for_trial(mapping, seen.append), seen


def test_a_trial_reads_in_force_and_writes_at_the_test_address() -> None:
    """Each call is observed, and says where it went."""
    found = {"customerNo": "1", "name": "n", "address": "a"}
    receipt = {"result": "OK", "receiptNo": "R", "serialNo": WRITE_OFF["sequence_no"], "amountYuan": "150.00"}
    line = FakeLine([reply(json.dumps(found).encode()), reply(json.dumps(receipt).encode())])
    trial, seen = try_out(("gas-company", "gas-company-test"), "gas-company-test", line)
    trial.call("find_household", {"household_no": "1"}, "r")
    trial.call("write_off", WRITE_OFF, "r")
    assert [sent.url.split("/api")[0] for sent in line.sent] == [
        "http://gas-company.test",
        "http://gas-company-test.test",
    ]
    assert [(one.operation, one.writes, one.error) for one in seen] == [
        ("find_household", False, ""),
        ("write_off", True, ""),
    ]
    trial.close()


def test_a_trial_without_a_test_address_writes_nothing() -> None:
    """Whatever the mapping is, and also where the declared address is not bound here."""
    line = FakeLine([])
    trial, _ = try_out(("gas-company",), "", line)
    with pytest.raises(ConfigurationFault, match="test_back_end"):
        trial.call("write_off", WRITE_OFF, "r")
    assert line.sent == []
    with pytest.raises(ConfigurationFault, match="gas-company-test"):
        try_out(("gas-company",), "gas-company-test", line)


def test_a_draft_that_fails_leaves_no_back_end_alone() -> None:
    """However often a faulty draft is tried, whoever asks the same back end next is let through."""
    mapping = CATALOGUE.service("gas-bill")
    office = Office(agencies={"demo-city": UUID(int=1), mapping.agency: UUID(int=2)}, names=("gas-company",))
    line = FakeLine([*[reply(b"<html>")] * (FAILURES + 1), reply(b'{"customerNo": "1", "name": "n", "address": "a"}')])
    back_ends = BackEnds(office, line, KnownSecrets(), StillClock(), EVERYWHERE)
    draft = replace(mapping, back_end=replace(mapping.back_end, test_back_end=""))
    for _ in range(FAILURES + 1):
        with pytest.raises(BackEndGarbled):
            back_ends.find_for_trial(draft, list[ObservedCall]().append).call(
                "find_household", {"household_no": "1"}, "r"
            )
    assert back_ends.find(mapping).call("find_household", {"household_no": "1"}, "r") == {
        "holder_name": "n",
        "address": "a",
    }


def test_a_back_end_is_made_again_when_its_address_changes() -> None:
    """And kept as long as it does not."""
    mapping = CATALOGUE.service("gas-bill")
    office = Office(agencies={mapping.agency: UUID(int=2)}, names=("gas-company",))
    back_ends = BackEnds(office, FakeLine(), KnownSecrets(), StillClock(), EVERYWHERE)
    first = back_ends.find(mapping)
    assert back_ends.find(mapping) is first
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(office, "back_end", lambda _agency, name: make_address(name, "http://moved.test"))
        assert back_ends.find(mapping) is not first


def test_pushed_results_are_read_under_the_secret_of_the_moment() -> None:
    """By the address of the mapping's back end; a service whose results are not pushed refuses all."""
    mapping = CATALOGUE.service("gas-bill")
    pushed = BoundPushedResults(Office(agencies={mapping.agency: UUID(int=2)}, names=("gas-company",)), KnownSecrets())
    with pytest.raises(NoticeRefused, match="not_configured"):
        pushed.read(mapping, {}, b"", StillClock().now())
    late = Late(
        "pushed", secret="api_key", header="X-S", timestamp_header="X-T", reply=plant_reply(["no"]),
        response=compile_expression("{application_no: body.no}", ""),
    )  # fmt: skip
    stamp, body = str(int(StillClock().now().timestamp())), b'{"no":"1"}'
    signature = hmac.digest(b"k3y", stamp.encode() + b"\n" + body, "sha256").hex()
    told = pushed.read(replace(mapping, late=late), {"x-s": signature, "x-t": stamp}, body, StillClock().now())
    assert told == {"application_no": "1"}
