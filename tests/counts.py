"""How many examples the tests of the web try: few in the suite, with RECOMMEND_FULL_COUNTS as many as promised."""

from __future__ import annotations

import os


def choose_count(few: int, full: int) -> int:
    """Return `full` where the variable RECOMMEND_FULL_COUNTS is set, else `few`."""
    return full if os.environ.get("RECOMMEND_FULL_COUNTS") else few
