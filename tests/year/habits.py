"""How the clerks of the simulated year work: most as one would wish, one slow on purpose, some who favour, stop clocks, or ask piecemeal."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Habit:
    """What a clerk tends to do.

    ``share``: at which part of the promised limit a case is decided, from the fastest to the slowest. ``first_days``: working days till
    the materials are looked at. The others are chances: that a correction is asked for, that more is asked for after it, that a
    special procedure begins, that more time is asked for.
    """

    name: str
    share: tuple[float, float]
    first_days: tuple[int, int] = (0, 3)
    correction: float = 0.12
    again: float = 0.05
    special: float = 0.07
    extension: float = 0.04
    forgets: float = 0.004
    idle: bool = False
    """Nothing for most of the limit, then everything in two days."""
    stops: bool = False
    """A special procedure begins one or two days before the limit."""
    favours: bool = False
    """One applicant's cases are decided at once."""


STEADY = Habit("steady", (0.2, 0.74))
FAST = Habit("fast", (0.1, 0.5), (0, 1), special=0.04, extension=0.01)
SLOW = Habit("slow", (0.5, 1.06), (1, 4), extension=0.12)
UNEVEN = Habit("uneven", (0.15, 0.98))
DELIBERATE = Habit("deliberate", (0.92, 1.3), (3, 5), idle=True, extension=0.1, forgets=0.05)
STOPPER = Habit("stopper", (0.6, 1.0), special=0.6, stops=True)
PIECEMEAL = Habit("piecemeal", (0.4, 0.85), correction=0.55, again=0.6)
FAVOURING = Habit("favouring", (0.5, 0.95), favours=True)
HABITS = (STEADY, FAST, STEADY, SLOW, UNEVEN, FAST, STOPPER, DELIBERATE, PIECEMEAL, FAVOURING)
"""A district of ten clerks has one of each of the last; a smaller agency has fewer of them."""
