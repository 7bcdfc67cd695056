"""What the console and the command line do with a mapping that is not published: check it, begin one, try it.

A trial shows what a back end holds about a person to whoever tries: they note why before it runs, and nothing of it is logged.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol
from uuid import UUID, uuid4

from adapters.backends.observation import ObservedCall, Observer
from adapters.mapping_files import CONFIG_FOLDER, MAPPINGS_FOLDER
from config.strict_yaml import Document, Fault, read_document
from services.errors import ConfigurationFault, TooManyRequests
from services.mapping import BackEndSpec, ServiceMapping
from services.mapping_files import FolderDocuments
from services.mapping_reader import read_mapping
from services.mapping_trial import TrialReport, Wishes, try_mapping
from services.model import BackEndAddress, JsonValue
from services.ports import BackEnd, Clock
from services.vocabulary import Vocabulary

NOWHERE = UUID(int=0)
LONGEST = 4000
"""Characters of one request or reply that a person is shown."""
AT_ONCE = 2
"""Trials that one process runs beside each other: a back end that says nothing must not hold all threads of the console."""
SCAFFOLDS = CONFIG_FOLDER / "scaffolds"
PLACE_OF_ID, PLACE_OF_AGENCY = "id: {id}", "agency: example-agency"


class TrialEnd(BackEnd, Protocol):
    """A back end for one trial, which is let go afterwards."""

    def close(self) -> None: ...


class FindsForTrial(Protocol):
    """The back ends of a draft: see ``bindings.BackEnds``."""

    def find_for_trial(
        self, mapping: ServiceMapping, observer: Observer, agreed: ServiceMapping | None, /
    ) -> TrialEnd: ...


@dataclass(frozen=True, slots=True)
class Trial:
    """What a trial saw: each exchange with the back end, and what the kind of service makes of them."""

    calls: tuple[ObservedCall, ...]
    report: TrialReport


@dataclass(frozen=True, slots=True)
class Workshop:
    """``documents`` are the files of this release that a mapping may refer to."""

    vocabulary: Vocabulary
    back_ends: FindsForTrial
    now: Callable[[], datetime]
    documents: Mapping[str, bytes] = field(default_factory=lambda: FolderDocuments(MAPPINGS_FOLDER))
    running: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(AT_ONCE))

    @classmethod
    def on(cls, vocabulary: Vocabulary, back_ends: FindsForTrial, clock: Clock) -> Workshop:
        """The workshop of a process."""
        return cls(vocabulary, back_ends, clock.now)

    def check(
        self, file: str, content: bytes, documents: Mapping[str, bytes]
    ) -> tuple[ServiceMapping | None, list[Fault]]:
        """A mapping, or every fault of it, those included that its WSDL or OpenAPI document has against its calls."""
        mapping, faults = read_mapping(file, content, self.vocabulary, documents=documents)
        if mapping is not None and mapping.documents:
            faults = check_documents(file, content, mapping)
        return (None if faults else mapping), faults

    def try_out(self, mapping: ServiceMapping, wishes: Wishes, agreed: ServiceMapping | None) -> Trial:
        """Ask the back end, reads only unless wished otherwise; see ``services/mapping_trial.py``. ``agreed`` is the version in force, by
        which the draft's reads are known as such; the operator, who holds the secrets, gives the mapping itself.

        Raises ``InputRefused``, ``ConfigurationFault`` for an address or secret that is missing or a write that may not be made,
        ``BackEndRefused``, ``TooManyRequests`` if enough trials run already.
        """
        if not self.running.acquire(blocking=False):
            raise TooManyRequests(detail={"retry_after_seconds": 5})
        try:
            return self._try_out(mapping, wishes, agreed)
        finally:
            self.running.release()

    def _try_out(self, mapping: ServiceMapping, wishes: Wishes, agreed: ServiceMapping | None) -> Trial:
        seen: list[ObservedCall] = []
        back_end = self.back_ends.find_for_trial(mapping, seen.append, agreed)
        try:
            report = try_mapping(
                mapping, back_end, wishes, now=self.now(), number=secrets.token_hex(16), request_id=str(uuid4())
            )
        finally:
            back_end.close()
        return Trial(tuple(seen), report)


def write_scaffold(kind: str, service: str, agency: str = "") -> str:
    """A commented mapping to begin with: it passes the check as it is. ``kind`` is one of ``config.mapping_schema.KINDS``."""
    text = (SCAFFOLDS / f"{kind}.yaml").read_text(encoding="utf-8").replace(PLACE_OF_ID, f"id: {service}", 1)
    return text.replace(PLACE_OF_AGENCY, f"agency: {agency}", 1) if agency else text


def check_documents(file: str, content: bytes, mapping: ServiceMapping) -> list[Fault]:
    """What the documents of a mapping that has no other fault say against it: not well-formed, or a call that they do not know."""
    own = mapping.back_end.name
    places = {own: "back_end"} | {name: f"further_back_ends[{at}]" for at, name in enumerate(mapping.further_back_ends)}
    asked = [(spec, fault) for spec in mapping.connections().values() for fault in _ask_documents(mapping, spec)]
    document = read_document(file, content if asked else b"{}")
    return [_tell(document, places[spec.name], spec, fault) for spec, fault in asked]


def _tell(document: Document, place: str, spec: BackEndSpec, fault: str) -> Fault:
    key = "wsdl" if spec.wsdl else "openapi"
    return document.fault(
        f"{place}.{key}", f"a document that does not fit ({fault})", "one that knows every call to this back end"
    )


def _ask_documents(mapping: ServiceMapping, spec: BackEndSpec) -> Iterator[str]:
    """The libraries that read these documents are loaded here, for mappings that have one."""
    from adapters.backends.factory import WIRES, Place  # noqa: PLC0415 - see above

    if not spec.wsdl and not spec.openapi:
        return
    try:
        address = BackEndAddress(NOWHERE, spec.name, "http://back-end.invalid/", {}, {})
        wire = WIRES[spec.connector](Place(spec, address, mapping.documents))
    except ConfigurationFault as fault:
        yield str(fault)
        return
    for operation in mapping.back_end.operations.values():
        for call in operation.calls:
            try:
                if call.back_end == spec.name:
                    wire.require_known(call)
            except ConfigurationFault as fault:
                yield str(fault)


def write_value(value: JsonValue, *, indent: int | None = None) -> str:
    """One value as JSON, cut where it is long; the exact fractions of a reply as texts, a lone surrogate by its number."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=_write_other, indent=indent)
    except RecursionError:
        return "… (nested too deep to be shown)"
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text)} characters)"


def _write_other(value: object) -> JsonValue:
    if isinstance(value, Mapping):
        return dict(value)
    return str(value) if isinstance(value, Decimal) else repr(type(value).__name__)
