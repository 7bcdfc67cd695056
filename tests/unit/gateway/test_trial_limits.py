"""What one person alone may make a back end do by trying a draft: ask what others agreed to ask, nothing more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

import pytest

from adapters.backends.observation import ObservedCall
from adapters.mapping_files import MAPPINGS_FOLDER, load_vocabulary
from adapters.reach import EVERYWHERE
from gateway.bindings import BackEnds, TrialBackEnd
from services.errors import ConfigurationFault
from services.mapping import ServiceMapping
from services.mapping_reader import read_mapping
from services.model import BackEndAddress
from tests.fakes import FakeDirectory
from tests.unit.adapters.backends.fake_line import WRITE_OFF, FakeLine, KnownSecrets, StillClock, make_address, reply

FOUND = b'{"customerNo": "1", "name": "n", "address": "a"}'
BY_GET = "      method: GET\n      path: /api/customers/{household_no}\n"
BY_POST = '      method: POST\n      path: /api/customers/query\n      request: "{customerNo: household_no}"\n'
GAS = (MAPPINGS_FOLDER / "gas-bill.yaml").read_text("utf-8")
TEXT = GAS.replace(BY_GET, BY_POST, 1)
"""The gas bill as if its company were asked for a customer by POST, as most are."""


@dataclass
class City(FakeDirectory):
    """Every name is bound, as if the agency above shared all that it has."""

    def back_end(self, agency_id: UUID, name: str) -> BackEndAddress:
        return make_address(name, f"http://{name}.test")


def read(text: str) -> ServiceMapping:
    """A draft without a fault."""
    mapping, faults = read_mapping("gas-bill.yaml", text.encode(), load_vocabulary())
    assert mapping is not None, [str(fault) for fault in faults]
    return mapping


def open_trial(draft: ServiceMapping, agreed: ServiceMapping | None, line: FakeLine) -> TrialBackEnd:
    """The back ends of a trial of this draft, beside the version in force."""
    directory = City(agencies={"demo-city": UUID(int=1), draft.agency: UUID(int=2)})
    seen: list[ObservedCall] = []
    return BackEnds(directory, line, KnownSecrets(), StillClock(), EVERYWHERE).find_for_trial(
        draft, seen.append, agreed
    )


def ask(trial: TrialBackEnd, line: FakeLine) -> str:
    """Where a look-up of a household went."""
    trial.call("find_household", {"household_no": "1"}, "r")
    return line.sent[-1].url.split("/api")[0]


def test_a_test_address_is_one_that_was_bound_as_such() -> None:
    """A draft that names the address in force, or any other, as the one to try writes at is refused by the check and by the trial."""
    for name in ("gas-company", "treasury"):
        _, faults = read_mapping(
            "gas-bill.yaml",
            TEXT.replace("test_back_end: gas-company-test", f"test_back_end: {name}").encode(),
            load_vocabulary(),
        )
        assert [fault.path for fault in faults] == ["back_end.test_back_end"]
        draft = read(TEXT)
        draft = replace(draft, back_end=replace(draft.back_end, test_back_end=name))
        line = FakeLine([])
        with pytest.raises(ConfigurationFault, match="-test"):
            open_trial(draft, draft, line).call("write_off", WRITE_OFF, "r")
        assert line.sent == []


@pytest.mark.parametrize("name", ["register", "face-check"])
def test_what_proves_who_citizens_are_is_no_mappings_back_end(name: str) -> None:
    """The population register and the face check stand at the root of the tree, above everybody: no agency's mapping asks them."""
    text = TEXT.replace("  name: gas-company\n", f"  name: {name}\n", 1)
    _, faults = read_mapping("gas-bill.yaml", text.encode(), load_vocabulary())
    assert "back_end.name" in [fault.path for fault in faults]
    draft = read(TEXT)
    draft = replace(draft, back_end=replace(draft.back_end, name=name))
    back_ends = BackEnds(
        City(agencies={draft.agency: UUID(int=2)}), FakeLine(), KnownSecrets(), StillClock(), EVERYWHERE
    )
    with pytest.raises(ConfigurationFault, match="no mapping"):
        back_ends.find(draft)
    with pytest.raises(ConfigurationFault, match="no mapping"):
        open_trial(draft, None, FakeLine())


def test_a_read_that_is_in_force_is_tried_at_the_address_in_force() -> None:
    """Whatever else the draft changes."""
    line = FakeLine([reply(FOUND)])
    draft = read(TEXT.replace("version: 1\n", "version: 2\n", 1))
    assert ask(open_trial(draft, read(TEXT), line), line) == "http://gas-company.test"


def test_a_get_is_safe_whoever_wrote_it() -> None:
    """RFC 9110, section 9.2.1: a server that changes something for a GET is at fault itself."""
    line = FakeLine([reply(FOUND)])
    assert ask(open_trial(read(GAS), None, line), line) == "http://gas-company.test"


def change_target(text: str) -> str:
    """A "read" that posts somewhere else."""
    return text.replace("/customers/query", "/customers/close", 1)


def change_request(text: str) -> str:
    """A "read" that sends something else."""
    return text.replace(
        'request: "{customerNo: household_no}"', "request: \"{customerNo: household_no, op: 'close'}\"", 1
    )


@pytest.mark.parametrize("change", [change_target, change_request])
def test_a_read_that_only_the_draft_calls_so_goes_to_the_test_address(change: Callable[[str], str]) -> None:
    """Whether a POST changes something is a claim of the draft's author until a second person has agreed to it."""
    text = change(TEXT)
    assert text != TEXT
    for agreed in (read(TEXT), None):
        line = FakeLine([reply(FOUND)])
        assert ask(open_trial(read(text), agreed, line), line) == "http://gas-company-test.test"


def test_without_a_test_address_such_a_read_is_not_made() -> None:
    """And the trial says why."""
    draft = read(change_target(TEXT).replace("  test_back_end: gas-company-test\n", "", 1))
    line = FakeLine([])
    with pytest.raises(ConfigurationFault, match="test_back_end"):
        open_trial(draft, read(TEXT), line).call("find_household", {"household_no": "1"}, "r")
    assert line.sent == []
