"""Draw worlds to estimate how often each alternative comes first, where there is no closed form.

An example: B leads if it has a fax, and A if not; B's fax is unknown. B has one in about half of 10,000 drawn worlds,
so each comes first in about 50 % of them, with a standard error of sqrt(0.5 * 0.5 / 10,000): half a point. The same
decision draws the same worlds in every process, so the result never varies.

`worlds` imports this file only where it draws, because NumPy takes longer to import than most answers take.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from provider_advisor.decision.findings import SCORE_DIGITS
from provider_advisor.decision.robustness.alternatives import JointDraw, VolumeCase

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]

FEWEST_FIRSTS = 10

_MOST_COPIED = 1_000_000
"""Most degrees to process at once."""

_STRONGEST = 4
"""Rivals to compare in all worlds first, to find the worlds in which an alternative comes first."""


class WorldSample:
    """Drawn worlds: the degrees of all alternatives, whether they stand, and weights drawn uniformly from the simplex.

    `degrees` has an alternative in the first dimension, a criterion in the second and a world in the third; `stands` an
    alternative and a world; `weights` a criterion and a world, and each world's sum to 1.
    """

    def __init__(self, degrees: Floats, stands: Truths, weights: Floats) -> None:
        self._degrees = degrees
        self._weights = weights
        self._stands = stands
        self._falls = ~stands
        self.size = weights.shape[1]
        """The number of worlds."""
        self._given: dict[tuple[float, ...], Floats] = {}

    @cached_property
    def _mean_degrees(self) -> Floats:
        """Return the mean of the degrees over all worlds: a criterion and an alternative."""
        mean: Floats = self._degrees.mean(axis=2).T
        return mean

    @cached_property
    def _degrees_by_world(self) -> Floats:
        """Return the degrees in order of worlds, in which selecting some worlds is faster."""
        return np.ascontiguousarray(self._degrees.transpose(2, 1, 0))

    @property
    def standing(self) -> float:
        """Return the share of the worlds in which some alternative stands."""
        return float(self._stands.any(axis=0).mean())

    def find_first_places(self, weights: Sequence[float]) -> tuple[float, ...]:
        """Return the share of the worlds in which each alternative comes first with the given weights."""
        return _average(self._share_firsts(self._score_given(weights)))

    def find_first_place(self, place: int, weights: Sequence[float]) -> float:
        """Return the share of the worlds in which one alternative comes first with the given weights.

        Worlds in which one of its strongest rivals is ahead are dropped before the other rivals are compared: usually
        few are left.
        """
        shares = _divide_by_sum(weights)
        own, leads = self._score_one(place, shares), self._stands[place]
        # Strong rivals are guessed by mean score and chance to qualify: any others would work, only slower.
        expected = np.einsum("c,ca->a", shares, self._mean_degrees) * self._stands.mean(axis=1)
        for rival in np.argsort(-expected)[:_STRONGEST].tolist():
            leads = leads & (own >= self._score_one(rival, shares))
        first, worlds = np.zeros(self.size), np.flatnonzero(leads)
        for part in np.array_split(worlds, 1 + len(worlds) * self._mean_degrees.size // _MOST_COPIED):
            degrees = self._degrees_by_world[part]
            scores = _round(np.einsum("c,wca->wa", shares, degrees), self._falls.T[part])
            level = (scores == scores[:, [place]]).sum(axis=1)
            first[part] = (scores[:, place] == scores.max(axis=1)) / level
        return float(first.mean())

    def find_ordered_first_places(self, groups: Sequence[Sequence[int]]) -> tuple[float, ...]:
        """Return the shares with weights drawn uniformly from all in the order of the groups, equal within each."""
        corners = np.zeros((len(self._weights), len(groups)))
        for number in range(len(groups)):
            heaviest = [place for group in groups[: number + 1] for place in group]
            corners[heaviest, number] = 1 / len(heaviest)
        # Parts of uniform weights, divided by their sum, are uniform again.
        parts = self._weights[: len(groups)]
        return _average(self._share_firsts(self._score(corners @ (parts / parts.sum(axis=0)))))

    def find_pairs(self, weights: Sequence[float]) -> list[tuple[float, float]]:
        """Return for each two alternatives how often the first is ahead, and how often they are level."""
        scores = self._score_given(weights)
        found: list[tuple[float, float]] = []
        for place, (score, stands) in enumerate(zip(scores, self._stands, strict=True)):
            others = scores[place + 1 :]
            ahead = np.count_nonzero(score > others, axis=1) / self.size
            level = np.count_nonzero((score == others) & stands, axis=1) / self.size
            found += zip(ahead.tolist(), level.tolist(), strict=True)
        return found

    @cached_property
    def _drawn_scores(self) -> Floats:
        return self._score(self._weights)

    def ranks(self) -> tuple[tuple[float, ...], ...]:
        """Return for each alternative the share of the worlds in which it gets each rank, with the drawn weights."""
        count, scores = len(self._stands), self._drawn_scores
        shares = np.zeros((count, count))
        for place, (score, stands) in enumerate(zip(scores, self._stands, strict=True)):
            ahead, level = (scores > score).sum(axis=0, dtype=np.int16), (scores == score).sum(axis=0, dtype=np.int16)
            # Tied alternatives share the ranks that they take together, each 1 / `level` of every rank. Example: two
            # are level behind one leader: ranks 2 and 3, half a world each.
            level *= stands
            for offset in range(int(level.max(initial=0))):
                held = level > offset
                shares[place] += np.bincount(ahead[held] + offset, 1 / level[held], minlength=count)
        return tuple(tuple(row) for row in (shares / self.size).tolist())

    def central(self) -> tuple[tuple[float, ...] | None, ...]:
        """Return for each alternative the mean of the weights with which it comes first.

        None if it does in fewer than `FEWEST_FIRSTS` worlds: a mean of so few says nothing.
        """
        found: list[tuple[float, ...] | None] = []
        for first in self._share_firsts(self._drawn_scores):
            times = float(first.sum())
            found.append(tuple(map(float, self._weights @ first / times)) if times >= FEWEST_FIRSTS else None)
        return tuple(found)

    def _share_firsts(self, scores: Floats) -> Floats:
        """Return for each alternative the part of the first place that it has in each world."""
        leads = (scores == scores.max(axis=0)) & self._stands
        level = leads.sum(axis=0)
        shared: Floats = leads / (level + (level == 0))
        return shared

    def _score_given(self, weights: Sequence[float]) -> Floats:
        """Return the scores with these weights, cached because the given weights are used twice."""
        key = tuple(weights)
        if key not in self._given:
            self._given = {key: self._score(_divide_by_sum(weights))}
        return self._given[key]

    def _score(self, weights: Floats) -> Floats:
        """Return the scores by weights that are the same in each world, or the world's own."""
        return np.stack([self._score_one(place, weights) for place in range(len(self._degrees))])

    def _score_one(self, place: int, weights: Floats) -> Floats:
        # Not a matrix product: on a busy machine, the threads that NumPy starts for one wait for each other.
        terms = "c,cw->w" if weights.ndim == 1 else "cw,cw->w"
        return _round(np.einsum(terms, weights, self._degrees[place]), self._falls[place])


def _divide_by_sum(weights: Sequence[float]) -> Floats:
    """Return the weights as parts of their sum."""
    total = math.fsum(weights)
    return np.asarray([weight / total for weight in weights])


def _round(scores: Floats, falls: Truths) -> Floats:
    """Return the scores in units of the last digit of a verdict; below all where an alternative does not stand."""
    scores *= 100 * 10**SCORE_DIGITS
    np.rint(scores, out=scores)
    np.copyto(scores, -np.inf, where=falls)
    return scores


def _average(shares: Floats) -> tuple[float, ...]:
    return tuple(shares.mean(axis=1).tolist())


def draw_worlds(cases: Sequence[VolumeCase], size: int) -> WorldSample:
    """Draw that many worlds, of each case as many as its share; the same for the same cases.

    The seed is a digest of the alternatives. Uniform weights are exponentials over their sum (Devroye 1986, Non-Uniform
    Random Variate Generation, V.2).
    """
    count = len(cases[0].alternatives[0].degrees)
    # A digest is equal in every process, unlike what `hash` gives.
    content = "".join(repr(case.alternatives) for case in cases)
    seed = int.from_bytes(hashlib.sha256(content.encode()).digest()[:8], "big")
    source = np.random.Generator(np.random.PCG64(seed))
    # A random number is below 1 and may be 0, so that the logarithm is taken of what is left to 1: never of 0.
    exponentials = -np.log1p(-source.random((count, size)))
    weights = exponentials / exponentials.sum(axis=0)
    degrees = np.empty((len(cases[0].alternatives), count, size))
    stands = np.empty((len(cases[0].alternatives), size), bool)
    # Most blocks are alike: providers whose models share one draw it from the same columns.
    columns: dict[int, _BlockColumns] = {}
    ends = np.rint(np.cumsum([0.0, *(case.share for case in cases)]) * size).astype(np.intp).tolist()
    for case, (start, end) in zip(cases, itertools.pairwise(ends), strict=True):
        volumes = source.random((_count_volumes(case), end - start))
        for place, alternative in enumerate(case.alternatives):
            for block in alternative.blocks:
                if id(block) not in columns:
                    columns[id(block)] = _BlockColumns.of(block)
            degrees[place, :, start:end] = np.asarray(alternative.degrees)[:, np.newaxis]
            stands[place, start:end] = alternative.stands
            blocks = [columns[id(block)] for block in alternative.blocks]
            _draw(blocks, source, volumes, degrees[place, :, start:end], stands[place, start:end])
    return WorldSample(degrees, stands, weights)


def _count_volumes(case: VolumeCase) -> int:
    """Return how many volumes of the team the alternatives share: their positions are -1, -2 and so on."""
    draws = (draw for each in case.alternatives for block in each.blocks for way in block for draw in way.degrees)
    return -min((draw.position for draw in draws), default=0)


class _BlockColumns(NamedTuple):
    """A block in arrays with a place for each way: where the ways end between 0 and 1, which stand, what they lead to.

    `rows` counts the random numbers of a world: one for the way, and one for each position that is not shared. `stands`
    is None where all do; each criterion has its starts, and where some draw has a length also its steps and positions.
    """

    rows: int
    ends: Floats
    stands: Truths | None
    draws: list[tuple[int, Floats, tuple[Floats, NDArray[np.intp]] | None]]

    @classmethod
    def of(cls, block: JointDraw) -> _BlockColumns:
        draws = []
        for each in zip(*(way.degrees for way in block), strict=True):
            steps = np.asarray([draw.end - draw.start for draw in each])
            moved = (steps, np.asarray([draw.position for draw in each])) if steps.any() else None
            draws.append((each[0].criterion, np.asarray([draw.start for draw in each], np.float64), moved))
        return cls(
            2 + max([-1, *(draw.position for way in block for draw in way.degrees)]),
            np.cumsum([way.share for way in block]),
            None if all(way.stands for way in block) else np.asarray([way.stands for way in block]),
            draws,
        )

    def choose(self, numbers: Floats) -> NDArray[np.intp]:
        """Return the place of the way that each number chooses, as often as the ways' shares say."""
        # The shares add up to 1 but for rounding. Numbers are scaled to that sum, and so none lies beyond the last way.
        if len(self.ends) == 2:  # noqa: PLR2004 (a fact that is there or not, as most are, is chosen faster)
            second: NDArray[np.intp] = (numbers * self.ends[1] >= self.ends[0]).astype(np.intp)
            return second
        chosen: NDArray[np.intp] = np.searchsorted(self.ends, numbers * self.ends[-1], side="right")
        return chosen.clip(max=len(self.ends) - 1)


def _draw(
    blocks: Sequence[_BlockColumns], source: np.random.Generator, volumes: Floats, degrees: Floats, stands: Truths
) -> None:
    """Draw a way of each block for each world: add what is drawn to the degrees, and say where a must fails.

    What is drawn may come on top of what is known. `volumes` has the positions that all alternatives share.
    """
    numbers = source.random((sum(block.rows for block in blocks), len(stands)))
    first = 0
    for block in blocks:
        chosen, at = block.choose(numbers[first]), numbers[first + 1 : first + block.rows]
        first += block.rows
        if len(volumes):  # behind all others, and in reverse, because -1 is the last row
            at = np.concatenate([at, volumes[::-1]])
        if block.stands is not None:
            stands &= block.stands[chosen]
        for criterion, starts, moved in block.draws:
            drawn = starts[chosen]
            if moved is not None:
                steps, positions = moved
                drawn += steps[chosen] * at[positions[chosen], np.arange(len(stands))]
            degrees[criterion] += drawn
