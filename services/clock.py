"""The working-day clocks (``docs/clocks.md``): placeholder types, filled in by the next commit."""

from __future__ import annotations
