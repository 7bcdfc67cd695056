"""Back ends at the addresses that the accounts document binds to their names, looked up at the moment of asking.

An import of the accounts changes an address or a secret while processes run; nothing here keeps an old one.
"""

from __future__ import annotations

from adapters.backends.face import FaceBackEnd
from adapters.backends.factory import make_back_end
from adapters.backends.register import RegisterBackEnd
from adapters.http import HttpClient
from services.errors import ConfigurationFault
from services.mapping import ServiceMapping
from services.model import BackEndAddress, RegisterEntry
from services.ports import BackEnd, Clock, Directory, Secrets

REGISTER = "register"
"""The name under which the accounts document binds the population register, at the root agency."""
FACE_CHECK = "face-check"
"""The same for the certified provider of face checks; an environment may have none."""


class BackEnds:
    """The back end of each mapping, made again when its address changes."""

    def __init__(self, directory: Directory, http: HttpClient, secrets: Secrets, clock: Clock) -> None:
        self._directory = directory
        self._http = http
        self._secrets = secrets
        self._clock = clock
        self._made: dict[tuple[str, int], tuple[BackEndAddress, BackEnd]] = {}

    def find(self, mapping: ServiceMapping) -> BackEnd:
        """Raises ``ConfigurationFault`` for an address or a secret that this environment does not bind."""
        agency_id = self._directory.agency_id(mapping.agency)
        address = self._directory.back_end(agency_id, mapping.back_end.name)
        known = self._made.get((mapping.id, mapping.version))
        if known is not None and known[0] == address:
            return known[1]
        made = make_back_end(mapping, address, self._http, self._secrets, self._clock)
        self._made[mapping.id, mapping.version] = (address, made)
        return made


class BoundRegister:
    """The population register of this environment. Implements ``ports.IdentityRegister``."""

    def __init__(self, directory: Directory, http: HttpClient, secrets: Secrets) -> None:
        self._directory = directory
        self._http = http
        self._secrets = secrets

    def find(self, identity_number: str, request_id: str) -> RegisterEntry | None:
        """See the port."""
        return self.connect().find(identity_number, request_id)

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
