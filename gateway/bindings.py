"""Back ends at the addresses that the accounts document binds to their names, looked up at the moment of asking.

An import of the accounts changes an address or a secret while processes run; nothing here keeps an old one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from adapters.backends.authentication import read_secret
from adapters.backends.breaker import Breakers
from adapters.backends.connector import ConnectedBackEnd
from adapters.backends.face import FaceBackEnd
from adapters.backends.factory import Surroundings, make_back_end
from adapters.backends.late import open_result
from adapters.backends.observation import Observer
from adapters.backends.organisations import OrganisationsBackEnd
from adapters.backends.register import RegisterBackEnd
from adapters.backends.text_messages import TextMessageBackEnd
from adapters.http import HttpClient
from adapters.reach import Reach
from config.back_end_schema import PROOFS_OF_IDENTITY, TEST_SUFFIX
from services.case_ports import RegisteredOrganisation
from services.errors import ConfigurationFault, NoticeRefused, ServiceOff
from services.mapping import ServiceMapping
from services.model import BackEndAddress, JsonValue, RegisterEntry
from services.ports import BackEnd, Clock, Directory, Secrets
from services.trial_rules import list_doubtful

REGISTER, FACE_CHECK, ORGANISATION_REGISTER, TEXT_MESSAGES = PROOFS_OF_IDENTITY
"""The names under which the accounts document binds the population register, the certified provider of face checks, the business
register and the provider of text messages, at the root agency; an environment may have none but the first. No mapping is given their
addresses: whoever writes one would ask with the root's secrets.
"""


class AddressBook(Protocol):
    """What is needed of a ``ports.Directory`` to find the addresses of a mapping."""

    def agency_id(self, slug: str) -> UUID: ...
    def back_end(self, agency_id: UUID, name: str) -> BackEndAddress: ...


class BackEnds:
    """The back ends of each mapping, made again when an address changes.

    A name in a mapping is looked up in the mapping's agency, and then in the agencies above it, the nearest first.
    """

    def __init__(self, directory: AddressBook, http: HttpClient, secrets: Secrets, clock: Clock, reach: Reach) -> None:
        self._directory = directory
        self._around = Surroundings(http, secrets, clock, Breakers(), reach)
        self._made: dict[tuple[str, int], tuple[dict[str, BackEndAddress], ConnectedBackEnd]] = {}

    def find(self, mapping: ServiceMapping) -> BackEnd:
        """See ``connect``."""
        return self.connect(mapping)

    def connect(self, mapping: ServiceMapping) -> ConnectedBackEnd:
        """Raises ``ConfigurationFault`` for an address or a secret that this environment does not bind."""
        addresses = self._find_addresses(mapping, {name: name for name in mapping.connections()})
        known = self._made.get((mapping.id, mapping.version))
        if known is not None and known[0] == addresses:
            return known[1]
        made = make_back_end(mapping, addresses, self._around)
        if mapping.late is not None and mapping.late.secret:
            read_secret(addresses[mapping.back_end.name], mapping.late.secret, self._around.secrets)
        self._made[mapping.id, mapping.version] = (addresses, made)
        if known is not None:
            known[1].close()
        return made

    def find_for_trial(
        self, mapping: ServiceMapping, observer: Observer, agreed: ServiceMapping | None = None
    ) -> TrialBackEnd:
        """The back ends of a mapping that may be a draft, for ``mapping try``: nothing of it is kept, and no failure of it is counted against a back end.

        Reads go to the addresses in force; writes, and what only the draft calls a read (``services/trial_rules.py``; ``agreed`` is the
        version in force), only to the test addresses that the mapping declares. Raises ``ConfigurationFault``.
        """
        connections, around = mapping.connections(), replace(self._around, breakers=Breakers())
        real = make_back_end(mapping, self._find_addresses(mapping, {name: name for name in connections}), around)
        names = {name: spec.test_back_end for name, spec in connections.items() if spec.test_back_end}
        if any(not name.endswith(TEST_SUFFIX) for name in names.values()):
            raise ConfigurationFault(f"the name of a test_back_end ends with {TEST_SUFFIX}")
        test = None
        if names:
            addresses = self._find_addresses(mapping, {name: names.get(name, name) for name in connections})
            test = make_back_end(mapping, addresses, around).observed_by(observer)
        return TrialBackEnd(mapping, real.observed_by(observer), test, agreed)

    def _find_addresses(self, mapping: ServiceMapping, names: dict[str, str]) -> dict[str, BackEndAddress]:
        agency_id = self._directory.agency_id(mapping.agency)
        if any(bound in PROOFS_OF_IDENTITY for bound in names.values()):
            raise ConfigurationFault("what proves who citizens are is asked by no mapping")
        return {name: self._directory.back_end(agency_id, bound) for name, bound in names.items()}


class TrialBackEnd:
    """Implements ``ports.BackEnd`` for a trial: what may change something is asked at a declared test address or not at all."""

    def __init__(
        self,
        mapping: ServiceMapping,
        real: ConnectedBackEnd,
        test: ConnectedBackEnd | None,
        agreed: ServiceMapping | None = None,
    ) -> None:
        self._mapping = mapping
        self._real = real
        self._test = test
        self._agreed = agreed

    def call(
        self, operation: str, values: Mapping[str, JsonValue], request_id: str, *, purpose: str = "", case_no: str = ""
    ) -> JsonValue:
        """See the port. Raises ``ConfigurationFault`` for a call that may change something and whose back end declares no ``test_back_end``."""
        back_end = self._real
        for call in list_doubtful(self._mapping, self._agreed, self._mapping.back_end.operations[operation]):
            target = self._mapping.connections()[call.back_end]
            if self._test is None or not target.test_back_end:
                what = "writes" if call.writes else f"is a {call.method or 'call'} that no version in force makes"
                raise ConfigurationFault(f"{operation} {what}, and {target.name} declares no test_back_end")
            back_end = self._test
        return back_end.call(operation, values, request_id, purpose=purpose, case_no=case_no)

    def close(self) -> None:
        """Let go of the connections that were made for this trial."""
        self._real.close()
        if self._test is not None:
            self._test.close()


class BoundPushedResults:
    """Results that back ends push, under the secrets of this environment. Implements ``services.late_results.PushedResults``."""

    def __init__(self, directory: Directory, secrets: Secrets) -> None:
        self._directory = directory
        self._secrets = secrets

    def read(
        self, mapping: ServiceMapping, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> Mapping[str, JsonValue]:
        """See the port; ``adapters/backends/late.py`` has the rules. Raises ``NoticeRefused``, ``ConfigurationFault``."""
        if mapping.late is None or mapping.late.arrives != "pushed":
            raise NoticeRefused("not_configured")
        address = self._directory.back_end(self._directory.agency_id(mapping.agency), mapping.back_end.name)
        return open_result(mapping.late, read_secret(address, mapping.late.secret, self._secrets), headers, body, now)


class BoundRegister:
    """The population register of this environment. Implements ``ports.IdentityRegister`` and ``case_ports.FamilyRegister``."""

    def __init__(self, directory: Directory, http: HttpClient, secrets: Secrets) -> None:
        self._directory = directory
        self._http = http
        self._secrets = secrets

    def find(self, identity_number: str, request_id: str) -> RegisterEntry | None:
        """See the port."""
        return self.connect().find(identity_number, request_id)

    def is_parent(self, parent_number: str, child_number: str, request_id: str) -> bool:
        """See the port."""
        return self.connect().is_parent(parent_number, child_number, request_id)

    def connect(self) -> RegisterBackEnd:
        """The register as it is bound now; nothing is sent. Raises ``ConfigurationFault``."""
        address = self._directory.back_end(self._directory.root_agency(), REGISTER)
        return RegisterBackEnd(address, self._http, self._secrets)


class BoundFaceCheck:
    """The face check of this environment. Implements ``ports.FaceCheck``; where none is bound, no face proves anything."""

    def __init__(self, directory: Directory, http: HttpClient, secrets: Secrets) -> None:
        self._directory = directory
        self._http = http
        self._secrets = secrets

    def verify(self, real_name: str, identity_number: str, evidence: str, request_id: str) -> bool:
        """See the port."""
        provider = self.connect()
        return provider is not None and provider.verify(real_name, identity_number, evidence, request_id)

    def connect(self) -> FaceBackEnd | None:
        """The provider as it is bound now; nothing is sent. Raises ``ConfigurationFault`` for a secret that is missing."""
        root = self._directory.root_agency()
        try:
            address = self._directory.back_end(root, FACE_CHECK)
        except ConfigurationFault:
            return None
        return FaceBackEnd(address, self._http, self._secrets)


class BoundOrganisationRegister:
    """The business register of this environment. Implements ``case_ports.OrganisationRegister``; where none is bound, nobody acts for a company."""

    def __init__(self, directory: Directory, http: HttpClient, secrets: Secrets) -> None:
        self._directory = directory
        self._http = http
        self._secrets = secrets

    def find(self, credit_code: str, request_id: str) -> RegisteredOrganisation | None:
        """See the port. Raises ``ServiceOff`` where no register is bound."""
        register = self.connect()
        if register is None:
            raise ServiceOff
        return register.find(credit_code, request_id)

    def connect(self) -> OrganisationsBackEnd | None:
        """The register as it is bound now; nothing is sent. Raises ``ConfigurationFault`` for a secret that is missing."""
        try:
            address = self._directory.back_end(self._directory.root_agency(), ORGANISATION_REGISTER)
        except ConfigurationFault:
            return None
        return OrganisationsBackEnd(address, self._http, self._secrets)


class BoundTextMessages:
    """The provider of text messages of this environment. Implements ``case_ports.TextMessages``.

    Where none is bound, each call raises ``ConfigurationFault``: people are told by letter, and nobody signs in by telephone.
    """

    def __init__(self, directory: Directory, http: HttpClient, secrets: Secrets, clock: Clock) -> None:
        self._directory = directory
        self._http = http
        self._secrets = secrets
        self._clock = clock

    def send(self, phone: str, template: str, words: Mapping[str, str], message_id: str) -> str:
        """See the port."""
        return self.connect().send(phone, template, words, message_id)

    def ask(self, message_id: str) -> str:
        """See the port."""
        return self.connect().ask(message_id)

    def connect(self) -> TextMessageBackEnd:
        """The provider as it is bound now; nothing is sent. Raises ``ConfigurationFault``."""
        address = self._directory.back_end(self._directory.root_agency(), TEXT_MESSAGES)
        return TextMessageBackEnd(address, self._http, self._secrets, self._clock)
