"""What the public app is built from, already made. The composition root makes it; views reach it and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from gateway.recording import Recorder
from services.bills import BillDesk
from services.case_access import ApplicantDesk
from services.catalogue import Catalogue
from services.consents import ConsentDesk
from services.exposure_view import ExposureDesk
from services.households import HouseholdDesk
from services.identity import IdentityDesk
from services.information import InformationShelf
from services.late_results import NothingPushed, PushedResults
from services.model import PlatformName
from services.organisations import MandateDesk
from services.ports import Clock, Directory, ExposureLog, Platform, RateLimiter, Store
from services.rights import RightsDesk
from services.sessions import SessionDesk
from services.till import Till
from services.uploads import UploadDesk


@dataclass(frozen=True, slots=True)
class Desk:
    """Services and ports of the citizen API. ``recorder`` is the one that the guard uses, ``shelf`` keeps public information."""

    sessions: SessionDesk
    identity: IdentityDesk
    households: HouseholdDesk
    bills: BillDesk
    exposure: ExposureDesk
    till: Till
    catalogue: Catalogue
    directory: Directory
    platforms: Mapping[PlatformName, Platform]
    store: Store
    log: ExposureLog
    limiter: RateLimiter
    clock: Clock
    new_id: Callable[[], UUID]
    recorder: Recorder
    applicants: ApplicantDesk
    uploads: UploadDesk
    mandates: MandateDesk
    rights: RightsDesk | None = None
    pushed_results: PushedResults = field(default_factory=NothingPushed)
    shelf: InformationShelf = field(default_factory=InformationShelf)

    @property
    def consents(self) -> ConsentDesk:
        """What a citizen agrees to and takes back."""
        return ConsentDesk(self.store, self.catalogue, self.directory, self.clock, self.new_id)

    def till_for(self, request_id: str) -> Till:
        """The till under the id of this request: what it causes goes on under it."""
        return replace(self.till, request_id=request_id)
