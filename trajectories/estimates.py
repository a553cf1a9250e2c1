"""Estimates from counts of solved problems, and how far they can be trusted."""

import random
from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist, fmean
from typing import NamedTuple


class Interval(NamedTuple):
    """A confidence interval of a share, from 0 to 1.

    Attributes:
        low: Its lower end.
        high: Its upper end.
    """

    low: float
    high: float


def pass_at_k(samples: int, solved: int, k: int) -> float:
    """Return the unbiased estimate of the chance that one of `k` drawn samples is right.

    The product form of 1 - C(n - c, k) / C(n, k) of Chen et al., "Evaluating Large Language Models Trained on
    Code" (2021), section 2.1.

    Args:
        samples: How many samples there are, n.
        solved: How many of them are right, c.
        k: How many may be handed in; at most `samples`.

    Raises:
        ValueError: The counts contradict each other.
    """
    if not (0 <= solved <= samples and 1 <= k <= samples):
        raise ValueError(f"{solved} of {samples} samples are right, and {k} are drawn: that can't be.")
    if samples - solved < k:
        return 1.0
    wrong = 1.0
    for position in range(samples - solved + 1, samples + 1):
        wrong *= 1 - k / position
    return 1 - wrong


def wilson(solved: int, total: int, confidence: float = 0.95) -> Interval:
    """Return the score interval of a share, which also holds for few problems and near 0 and 1.

    Wilson, "Probable Inference, the Law of Succession, and Statistical Inference" (1927); recommended over
    the textbook interval by Brown, Cai and DasGupta, "Interval Estimation for a Binomial Proportion" (2001).

    Args:
        solved: How many problems are solved.
        total: Of how many; of none, nothing is known and the interval is all of 0 to 1.
        confidence: How often such an interval holds the true share.

    Raises:
        ValueError: The counts contradict each other, or the confidence is not between 0 and 1.
    """
    if not 0 <= solved <= total:
        raise ValueError(f"{solved} of {total} problems can't be solved.")
    z = _quantile(confidence)
    if total == 0:
        return Interval(0.0, 1.0)
    share = solved / total
    weight = 1 + z * z / total
    center = (share + z * z / (2 * total)) / weight
    reach = z / weight * sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    # Rounding must not cut off the share itself where it is 0 or 1.
    return Interval(max(0.0, min(center - reach, share)), min(1.0, max(center + reach, share)))


def bootstrap(
    values: Sequence[float], *, seed: int = 0, rounds: int = 2000, confidence: float = 0.95
) -> Interval:
    """Return the percentile interval of a mean over problems, by drawing the problems anew.

    Efron, "Bootstrap Methods: Another Look at the Jackknife" (1979). The problems are drawn and not their
    samples: samples of one problem are not independent.

    Args:
        values: One value for each problem, such as its `pass_at_k`.
        seed: Makes the same interval of the same values.
        rounds: How many times the problems are drawn.
        confidence: How often such an interval holds the true mean.

    Raises:
        ValueError: There are no values, or the confidence is not between 0 and 1.
    """
    _quantile(confidence)
    if not values:
        raise ValueError("There are no problems to draw from.")
    draw = random.Random(seed)  # noqa: S311  (statistics, no secret)
    means = sorted(fmean(draw.choices(values, k=len(values))) for _ in range(rounds))
    tail = (1 - confidence) / 2
    return Interval(means[int(tail * (rounds - 1))], means[round((1 - tail) * (rounds - 1))])


def _quantile(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ValueError(f"A confidence of {confidence} is not between 0 and 1.")
    return NormalDist().inv_cdf((1 + confidence) / 2)
