"""Rounding of whole columns that agrees, to the last digit, with rounding each number by itself."""

from __future__ import annotations

import numpy as np

from provider_advisor.batch.kernel.types import Floats
from provider_advisor.batch.loops import LOOPS, at

__all__ = ["DIGITS", "rounded_exactly"]

DIGITS = 9  # as in loops.c


def rounded_exactly(numbers: Floats) -> Floats:
    """Each number rounded to nine digits as `round` does it; NaN and infinities stay."""
    given = np.ascontiguousarray(numbers, np.float64)
    found, doubtful = np.empty(given.shape), np.empty(given.shape, bool)
    LOOPS.round_numbers(at(given, np.float64), given.size, at(found, np.float64), at(doubtful, np.bool_))
    for place in np.flatnonzero(doubtful):
        found.flat[place] = round(float(given.flat[place]), DIGITS)
    return found
