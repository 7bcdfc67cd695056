"""JMESPath run with a limit: steps are counted, and so is the size of what an expression puts together.

A mapping is data that one person may have written a moment ago. ``[@, @][]`` behind itself forty times fits in a line and is a
thousand times a thousand million values; the check tries every expression, so it would be the console that never comes back.
"""

from __future__ import annotations

from typing import Any

from jmespath.exceptions import JMESPathError
from jmespath.visitor import TreeInterpreter

MAX_STEPS = 1_000_000
"""Parts of an expression that are looked at, each as often as it is: the largest reply that is believed takes a fifth."""
MAX_WEIGHT = 2_000_000
"""Values in one table or list that an expression makes, counted as if nothing were shared, and texts by their length."""
CHARACTERS_A_VALUE = 16


class TooMuch(JMESPathError):
    """The expression was given up."""


class BoundedInterpreter(TreeInterpreter):
    """One run of one expression. Raises ``TooMuch``."""

    def __init__(self, options: Any) -> None:
        super().__init__(options)
        self._steps = 0
        self._weights: dict[int, tuple[int, Any]] = {}

    def visit(self, node: Any, *arguments: Any, **named: Any) -> Any:
        """A step."""
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise TooMuch
        return super().visit(node, *arguments, **named)

    def visit_flatten(self, node: Any, value: Any) -> Any:
        return self._require_light(super().visit_flatten(node, value))

    def visit_projection(self, node: Any, value: Any) -> Any:
        return self._require_light(super().visit_projection(node, value))

    def visit_filter_projection(self, node: Any, value: Any) -> Any:
        return self._require_light(super().visit_filter_projection(node, value))

    def visit_value_projection(self, node: Any, value: Any) -> Any:
        return self._require_light(super().visit_value_projection(node, value))

    def visit_multi_select_list(self, node: Any, value: Any) -> Any:
        return self._require_light(super().visit_multi_select_list(node, value))

    def visit_multi_select_dict(self, node: Any, value: Any) -> Any:
        return self._require_light(super().visit_multi_select_dict(node, value))

    def visit_function_expression(self, node: Any, value: Any) -> Any:
        return self._require_light(super().visit_function_expression(node, value))

    def _require_light(self, value: Any) -> Any:
        if self._weigh(value) > MAX_WEIGHT:
            raise TooMuch
        return value

    def _weigh(self, value: Any) -> int:
        """Each table and list is weighed once, however often it is used. It is kept, so that its ``id`` stays its own."""
        if isinstance(value, str):
            return 1 + len(value) // CHARACTERS_A_VALUE
        if not isinstance(value, list | dict):
            return 1
        known = self._weights.get(id(value))
        if known is None:
            inner = value.values() if isinstance(value, dict) else value
            known = (1 + sum(self._weigh(item) for item in inner), value)
            self._weights[id(value)] = known
        return known[0]
