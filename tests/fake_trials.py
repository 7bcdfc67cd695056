"""Back ends for trials: they answer what a test wrote down, and keep what they were asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from adapters.backends.observation import ObservedCall, Observer
from services.errors import ConfigurationFault
from services.mapping import ServiceMapping
from services.model import JsonValue


@dataclass
class FakeTrials:
    """Implements ``gateway.workshop.FindsForTrial``. ``answers`` by operation: a result, or an exception to raise."""

    answers: dict[str, JsonValue | Exception] = field(default_factory=dict)
    asked: list[tuple[str, str, Mapping[str, JsonValue]]] = field(default_factory=list)
    agreed: list[ServiceMapping | None] = field(default_factory=list)
    closed: int = 0
    unbound: bool = False

    def find_for_trial(
        self, mapping: ServiceMapping, observer: Observer, agreed: ServiceMapping | None, /
    ) -> FakeTrialEnd:
        """A back end that is watched."""
        self.agreed.append(agreed)
        if self.unbound:
            raise ConfigurationFault("no back end of this name is bound")
        return FakeTrialEnd(self, mapping, observer)


@dataclass
class FakeTrialEnd:
    """Implements ``gateway.workshop.TrialEnd``."""

    trials: FakeTrials
    mapping: ServiceMapping
    observer: Observer

    def call(
        self, operation: str, values: Mapping[str, JsonValue], request_id: str, *, purpose: str = "", case_no: str = ""
    ) -> JsonValue:
        """Answer as written down."""
        planned = self.mapping.back_end.operations[operation]
        self.trials.asked.append((self.mapping.id, operation, values))
        answer = self.trials.answers[operation]
        failed = isinstance(answer, Exception)
        self.observer(
            ObservedCall(
                operation, operation, self.mapping.back_end.name, "rest", planned.writes, "GET", "/asked", {"sent": "值"},
                None if failed else answer, None if failed else answer, "failed" if failed else "", 0.012,
            )
        )  # fmt: skip
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        """Counted."""
        self.trials.closed += 1
