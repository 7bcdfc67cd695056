"""Households: looking one up, binding it, letting it go.

Whoever types a household number exposes its holder to the platform, also one who never logged in: the holder has a chain id from
the first search on. Name and address are shown masked, before binding and after it. Anyone may pay anyone's bill (a daughter her
parents'), so binding asks for no proof of ownership; it is limited instead, so that nobody walks through a company's customers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from services.bills import explain_refusal
from services.catalogue import Catalogue
from services.errors import BackEndGarbled, BackEndRefused, InputRefused, NotFound, ServiceUnknown
from services.mapping import ServiceMapping
from services.masking import mask_address, mask_household_no, mask_name
from services.model import Caller, Household
from services.ports import BackEnd, Clock, Directory, KeyedHash, RateLimiter, Store
from services.references import find_bound, refer_to_household
from services.sessions import require_assurance

LOOK_UPS_AN_HOUR = 30
"""Per person: looking up and binding count alike."""
LOOK_UPS_OF_ONE_AN_HOUR = 30
"""Per household number, whoever asks."""


@dataclass(frozen=True, slots=True)
class Admission:
    """A look-up that may go on: the service, the number in its one form, and the chain id of the holder."""

    mapping: ServiceMapping
    agency_id: UUID
    household_no: str
    holder_chain_id: UUID


@dataclass(frozen=True, slots=True)
class HouseholdInView:
    """A household as it may be shown: everything personal masked. ``household_id`` is a reference, None before binding."""

    household_id: UUID | None
    service: str
    household_no_masked: str
    holder_name_masked: str
    address_masked: str


@dataclass(frozen=True, slots=True)
class HouseholdDesk:
    """Looks up, binds and lists households. ``back_end_of`` gives the connector that a mapping names."""

    store: Store
    catalogue: Catalogue
    back_end_of: Callable[[ServiceMapping], BackEnd]
    directory: Directory
    limiter: RateLimiter
    keyed_hash: KeyedHash
    clock: Clock

    def find_service(self, caller: Caller, service: str) -> ServiceMapping:
        """A bill service offered on the caller's platform. Raises ``ServiceUnknown``."""
        mapping = self.catalogue.service(service)
        if not mapping.is_on(caller.app.platform) or mapping.kind != "bill":
            raise ServiceUnknown
        return mapping

    def admit(self, caller: Caller, service: str, household_no: str) -> Admission:
        """Spend one look-up and learn whom it concerns. No call to the company yet.

        Raises ``ServiceUnknown``, ``ServiceOff``, ``AssuranceTooLow``, ``InputRefused``, ``TooManyRequests``.
        """
        mapping = self.find_service(caller, service)
        self.catalogue.require_open(service)
        require_assurance(caller, mapping.assurance)
        number = household_no.strip()
        asked = mapping.inputs.get("household_no")
        if not number or (asked is not None and not asked.accepts(number)):
            raise InputRefused(detail={"household_no": "form"})
        self.limiter.spend("look-up-person", str(caller.person_id), LOOK_UPS_AN_HOUR, 3600)
        subject = self.keyed_hash.lookup_hash("limit_household", f"{service}|{number}").hex()
        self.limiter.spend("look-up-number", subject, LOOK_UPS_OF_ONE_AN_HOUR, 3600)
        agency_id = self.directory.agency_id(mapping.agency)
        with self.store.begin(caller.agencies) as tx:
            chain = tx.households.find_chain(agency_id, service, number, self.clock.now())
        return Admission(mapping, agency_id, number, chain)

    def look_up(self, caller: Caller, admission: Admission) -> HouseholdInView:
        """Ask the company whose household it is, and show it masked. Raises ``HouseholdNotFound``, ``ServiceOff``, ..."""
        holder_name, address = self._ask(caller, admission)
        return HouseholdInView(
            None, admission.mapping.id, mask_household_no(admission.household_no), mask_name(holder_name),
            mask_address(address),
        )  # fmt: skip

    def bind(self, caller: Caller, admission: Admission) -> HouseholdInView:
        """Bind the household to the caller. The company is asked again: what a client sends back proves nothing."""
        holder_name, address = self._ask(caller, admission)
        with self.store.begin(caller.agencies) as tx:
            household = tx.households.bind(
                admission.agency_id, admission.mapping.id, admission.household_no, holder_name, address,
                caller.person_id, self.clock.now(),
            )  # fmt: skip
        return self.show(caller, household)

    def show(self, caller: Caller, household: Household) -> HouseholdInView:
        """A bound household, masked, under the caller's own name for it."""
        return HouseholdInView(
            refer_to_household(self.keyed_hash, caller, household), household.service,
            mask_household_no(household.household_no), mask_name(household.holder_name), mask_address(household.address),
        )  # fmt: skip

    def _ask(self, caller: Caller, admission: Admission) -> tuple[str, str]:
        back_end = self.back_end_of(admission.mapping)
        try:
            found = back_end.call(
                "find_household",
                {"household_no": admission.household_no},
                caller.request_id,
                purpose="look_up_household",
            )
        except BackEndRefused as refused:
            raise explain_refusal(refused) from refused
        if not isinstance(found, dict):
            raise BackEndGarbled("find_household: not an object")
        name, address = found.get("holder_name"), found.get("address")
        if not isinstance(name, str) or not isinstance(address, str):
            raise BackEndGarbled("find_household: name or address is missing")
        return name, address

    def list_bound(self, caller: Caller) -> list[Household]:
        """The caller's households whose service is offered on this platform."""
        with self.store.begin(caller.agencies) as tx:
            bound = tx.households.list_bound(caller.person_id)
        offered = {mapping.id for mapping in self.catalogue.services_on(caller.app.platform)}
        return [household for household in bound if household.service in offered]

    def load_bound(self, caller: Caller, reference: UUID) -> Household:
        """A household that the caller has bound. Raises ``NotFound``, also for one that somebody else has."""
        with self.store.begin(caller.agencies) as tx:
            household = find_bound(tx, self.keyed_hash, caller, reference)
        if household is None:
            raise NotFound
        return household

    def unbind(self, caller: Caller, household: Household) -> None:
        """Let a household go; payments made stay as they are. Raises ``NotFound``."""
        with self.store.begin(caller.agencies) as tx:
            gone = tx.households.unbind(household.household_id, caller.person_id, self.clock.now())
        if not gone:
            raise NotFound
