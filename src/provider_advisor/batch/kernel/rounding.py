"""Rounding of whole columns that agrees, to the last digit, with rounding each number by itself."""

from __future__ import annotations

import numpy as np

from provider_advisor.batch.kernel.types import Flags, Floats

__all__ = ["DIGITS", "rounded", "rounded_exactly"]

DIGITS = 9
_UNIT = 10.0**DIGITS
_EXACT = 2.0**53
_HALF_ULP = 2.0**-53


def rounded(numbers: Floats, slack: Floats | float = 1.0) -> tuple[Floats, Flags]:
    """The numbers rounded to nine digits, and which of them may be wrong in the last one.

    `slack` bounds the error that a number carries already, in units of its last binary place. Where number and error
    keep clear of the middle between two roundings, the quotient of two exact floats is the float nearest to the
    decimal, which is what `round` returns. Numbers above nine million have no nine digits to lose; NaN and infinities
    stay.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = numbers * _UNIT
        whole = np.rint(scaled)
        near = np.abs(scaled - whole) + np.abs(scaled) * (_HALF_ULP * 4) * (1 + slack) > 0.5  # noqa: PLR2004
        doubtful = (near | (np.abs(scaled) > _EXACT / 2)) & (np.abs(scaled) <= _EXACT)
        return np.where(np.abs(scaled) <= _EXACT, whole / _UNIT, numbers), doubtful


def rounded_exactly(numbers: Floats) -> Floats:
    """Each number rounded to nine digits as `round` does it; NaN and infinities stay."""
    found, doubtful = rounded(numbers)
    for place in np.flatnonzero(doubtful):
        found.flat[place] = round(float(numbers.flat[place]), DIGITS)
    return found
