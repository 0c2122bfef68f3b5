"""The chance that a weighted sum is on one side, when all weights are equally likely."""

from functools import lru_cache

__all__ = ["chance_of_losing"]


@lru_cache(maxsize=8192)
def chance_of_losing(ahead: tuple[float, ...], behind: tuple[float, ...]) -> float:
    """The share of the simplex of weights in which an alternative does not come first of two.

    `ahead` are the positive differences of its degrees to the other's, `behind` the absolute negative ones. Uniform
    weights are independent exponentials over their sum (Devroye 1986, Non-Uniform Random Variate Generation, V.2), so
    that the weighted difference is a race of sums of exponentials. By the memory that they lack, the next to go is of
    the side of y with the odds y to x: f(i, j) = (y_j f(i-1, j) + x_i f(i, j-1)) / (x_i + y_j), with f(0, j) = 1 and
    f(i, 0) = 0. Where there is no difference at all the first place is shared: 1/2.

    >>> chance_of_losing((1.0,), (1.0, 1.0))  # better on one criterion, worse on two, by as much
    0.75
    """
    if not ahead:
        return 1.0 if behind else 0.5
    row = [1.0] * len(behind)
    for x in ahead:
        left = 0.0
        for place, y in enumerate(behind):
            left = (y * row[place] + x * left) / (x + y)
            row[place] = left
    return row[-1] if behind else 0.0
