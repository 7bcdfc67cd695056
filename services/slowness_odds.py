"""Exact chances of small numbers: Fisher's test and the interval of Clopper and Pearson. Pure.

R. A. Fisher, *Statistical Methods for Research Workers*, 5th edition 1934, §21.02; C. J. Clopper and E. S. Pearson, *Biometrika* 26
(1934) 404. Both hold for any number of cases, also for few: no curve stands in for the true distribution.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

from services.slowness_record import Share

TAIL = 0.025
"""What an interval of 95 % leaves on either side."""
STEPS = 40


def find_chance(own: Share, others: Share) -> Fraction:
    """How often somebody who works like the others has at least ``own.hits``, given how many hits there are in all (Fisher, one-sided).

    Raises ``ValueError`` for more hits than cases.
    """
    if not (0 <= own.hits <= own.of and 0 <= others.hits <= others.of):
        raise ValueError("hits are at least 0 and at most the number of cases")
    hits, rest = own.hits + others.hits, others.of
    most, least = min(own.of, hits), max(0, hits - rest)
    first = max(own.hits, least)
    ways = math.comb(own.of, first) * math.comb(rest, hits - first)
    total = ways
    for count in range(first, most):
        ways = ways * (own.of - count) * (hits - count) // ((count + 1) * (rest - hits + count + 1))
        total += ways
    return Fraction(total, math.comb(own.of + rest, hits))


def find_range(share: Share) -> tuple[int, int]:
    """The exact 95 % interval of a share (Clopper and Pearson), in thousandths, rounded outwards; 0 to 1000 without any case."""
    if share.of <= 0:
        return 0, 1000
    low = 0.0 if share.hits == 0 else _bisect(lambda part: _find_tail(share.hits, share.of, part) >= TAIL)
    missed = share.of - share.hits
    high = 1.0 if missed == 0 else 1 - _bisect(lambda part: _find_tail(missed, share.of, part) >= TAIL)
    return math.floor(low * 1000), math.ceil(high * 1000)


def _bisect(reached: Callable[[float], bool]) -> float:
    """The least part at which something that grows with it is reached; never above it."""
    low, high = 0.0, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return low


def _find_tail(hits: int, of: int, part: float) -> float:
    """How often at least ``hits`` of ``of`` come about where each does with the chance ``part``, between 0 and 1."""
    if not 0 < part < 1:
        return float(part >= 1 or hits == 0)
    one, none = math.log(part), math.log1p(-part)
    of_all = math.lgamma(of + 1)
    return math.fsum(
        math.exp(of_all - math.lgamma(k + 1) - math.lgamma(of - k + 1) + k * one + (of - k) * none)
        for k in range(hits, of + 1)
    )


def write_chance(chance: Fraction) -> str:
    """A chance as people read it: two digits, ``0.0021`` or ``3.1e-09``."""
    return f"{float(chance):.2g}"
