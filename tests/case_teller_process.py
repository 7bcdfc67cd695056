"""A worker process for tests that kill it: the message is at the platform, or about to be, and never comes back.

``python -m tests.case_teller_process WORKER_URL KEYRING MARKER AGENCIES CASE_ID``
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from adapters.stores.keyring import Keyring
from adapters.stores.transaction import SqlStore
from services.case_telling import tell_case
from services.exposure import Disclosure
from services.model import PlatformApp, PlatformName
from tests.case_samples import MORNING
from tests.case_worker_process import make_applicants
from tests.fake_applicants import Counter
from tests.fake_platform import FakePlatform
from tests.fakes import FakeClock


class HangingPlatform(FakePlatform):
    """Says that it has the message, and no more."""

    marker: Path

    def send_message(
        self, app: PlatformApp, user_id: str, template: str, words: Mapping[str, str], page: str, disclosure: Disclosure
    ) -> None:
        self.marker.touch()
        while True:
            time.sleep(0.1)


def make_teller(
    store: SqlStore, ids: dict[str, UUID], make: Callable[[PlatformName, Any], FakePlatform] = FakePlatform
) -> Counter:
    """A counter on a real store with one platform in front of it."""
    counter = make_applicants(store, ids, citizen=False)
    platform = make(PlatformName.WECHAT, counter.clock.now)
    root = counter.directory.root_agency()
    counter.directory.apps.append(PlatformApp(root, "wechat-main", PlatformName.WECHAT, "app", "http://x"))  # type: ignore[attr-defined] # the fake
    counter.workshop = replace(counter.workshop, platforms={PlatformName.WECHAT: platform})
    return counter


def main(url: str, keyring: str, marker: str, ids: str, case_id: str) -> None:
    """Tell until killed."""
    agencies = {slug: UUID(text) for slug, text in json.loads(ids).items()}
    HangingPlatform.marker = Path(marker)
    counter = make_teller(SqlStore(url, Keyring.load(Path(keyring)), FakeClock(MORNING), 2), agencies, HangingPlatform)
    tell_case(counter.workshop, counter.agency, UUID(case_id), "job")


if __name__ == "__main__":
    main(*sys.argv[1:])
