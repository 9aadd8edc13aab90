"""Do the intervals cover and do the tests keep their level? Simulated from known truths.

    python -m benchmarks coverage [--trials 4000]

"Covers" is the share of 95 % intervals that hold the truth they estimate; "level" the share of tests at 5 % that reject
when nothing changed.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from functools import partial

import numpy as np

from pyrite.results.comparing import mcnemar, sign_flip
from pyrite.results.decomposition import effects
from pyrite.results.paired import difference_interval
from pyrite.results.statistics import Floats, bootstrap_interval, clustered_interval, wilson


def share(found: Iterable[bool]) -> str:
    return f"{100 * float(np.mean(list(found))):.1f} %"


def wilson_covers(rng: np.random.Generator, trials: int) -> None:
    for n in (20, 40, 100, 400):
        intervals = np.array([wilson(k, n) for k in range(n + 1)])
        truth = rng.uniform(0.05, 0.95, size=20 * trials)
        seen = intervals[rng.binomial(n, truth)]
        print(f"Wilson, {n} answers: covers {share((seen[:, 0] <= truth) & (truth <= seen[:, 1]))}")


def clustered_covers(rng: np.random.Generator, trials: int) -> None:
    for clusters, size, together in ((10, 10, 0.3), (40, 4, 0.3), (40, 4, 0.9), (100, 8, 0.6)):
        groups = np.repeat(np.arange(clusters), size)
        held, plain = [], []
        for _ in range(trials):
            truth = rng.uniform(0.1, 0.9)
            scale = (1 - together) / together
            rates = rng.beta(truth * scale, (1 - truth) * scale, clusters)
            values = (rng.random(clusters * size) < np.repeat(rates, size)).astype(np.float64)
            low, high = clustered_interval(values, groups)
            held.append(low <= truth <= high)
            low, high = wilson(float(values.sum()), len(values))
            plain.append(low <= truth <= high)
        what = f"{clusters} problems x {size} answers, correlation {together}"
        print(f"clustered, {what}: covers {share(held)} (without clustering {share(plain)})")


def difference_covers(rng: np.random.Generator, trials: int) -> None:
    for n in (20, 40, 120, 400):
        held = []
        for _ in range(trials // 2):
            lost, gained = rng.uniform(0.03, 0.3, size=2)
            draw = rng.random(n)
            first = (draw < lost).astype(np.float64)
            second = (draw > 1 - gained).astype(np.float64)
            low, high = difference_interval(second, first, np.arange(n))
            held.append(low <= gained - lost <= high)
        print(f"difference of pairs, {n} problems: covers {share(held)}")


def large_gaps_cover(rng: np.random.Generator, trials: int) -> None:
    """Rates and differences near one, where all answers often agree and a bootstrap has nothing to draw from."""
    for truth in (0.9, 0.95, 0.98, 0.99):
        for problems, size in ((20, 1), (40, 1), (120, 1), (40, 4)):
            groups = np.repeat(np.arange(problems), size)
            kept: dict[str, list[bool]] = {"rate": [], "difference": [], "bootstrap": []}
            for _ in range(trials // 2):
                # Half of what is not gained is lost, so the difference's truth lies a little lower.
                chances = rng.beta(truth * 2, (1 - truth) * 2, problems) if size > 1 else np.full(problems, truth)
                draw = rng.random(problems * size)
                gained = draw < np.repeat(chances, size)
                lost = ~gained & (rng.random(problems * size) < 0.5)
                low, high = clustered_interval(gained.astype(np.float64), groups)
                kept["rate"].append(low <= truth <= high)
                expected = truth - (1 - truth) / 2
                low, high = difference_interval(gained.astype(np.float64), lost.astype(np.float64), groups)
                kept["difference"].append(low <= expected <= high)
                change = gained.astype(np.float64) - lost
                rows = np.column_stack([np.bincount(groups, weights=change), np.bincount(groups)]).astype(np.float64)
                low, high = bootstrap_interval(rows, lambda sums: sums[:, 0] / sums[:, 1], draws=1000)
                kept["bootstrap"].append(low <= expected <= high)
            what = f"{truth:.0%}, {problems} problems x {size}"
            print(
                f"near one, {what}: rate covers {share(kept['rate'])}, difference {share(kept['difference'])} "
                f"(bootstrap {share(kept['bootstrap'])})"
            )


def _effect(part: int, sums: Floats) -> Floats:
    """One of the two effects of the split: of surface (0) or of substance (1)."""
    return effects(sums)[part]


def decomposition_covers(rng: np.random.Generator, trials: int) -> None:
    """Both effects of the split, from rates that are known."""
    for n in (40, 120, 400):
        held: list[list[bool]] = [[], []]
        for _ in range(trials // 4):
            s0, s1 = rng.uniform(0.3, 0.9, size=2)
            c0, c1 = rng.uniform(0.3, 0.9, size=2)
            looks0, looks1 = rng.random((2, n)) < np.array([[s0], [s1]])
            right0, right1 = looks0 & (rng.random(n) < c0), looks1 & (rng.random(n) < c1)
            rows: Floats = np.column_stack([np.ones(n), looks0, right0, looks1, right1]).astype(np.float64)
            truth = ((s1 - s0) * (c0 + c1) / 2, (c1 - c0) * (s0 + s1) / 2)
            for part in (0, 1):
                low, high = bootstrap_interval(rows, partial(_effect, part), draws=2000)
                held[part].append(low <= truth[part] <= high)
        print(f"decomposition, {n} problems: covers {share(held[0])} (surface), {share(held[1])} (substance)")


def tests_keep_their_level(rng: np.random.Generator, trials: int) -> None:
    for n, churn in ((40, 0.1), (40, 0.3), (120, 0.2), (400, 0.3)):
        changed = rng.binomial(n, churn, size=10 * trials)
        lost = rng.binomial(changed, 0.5)
        table = {
            pair: mcnemar(pair[1], pair[0] - pair[1]) for pair in set(zip(changed.tolist(), lost.tolist(), strict=True))
        }
        rejected = [table[pair] <= 0.05 for pair in zip(changed.tolist(), lost.tolist(), strict=True)]
        print(f"exact McNemar, {n} problems, {churn:.0%} change: level {share(rejected)}")
    for problems in (20, 40, 100):
        rejected = []
        for _ in range(trials // 2):
            counts = rng.binomial(4, rng.beta(0.3, 0.3, size=(2, problems)))
            rejected.append(sign_flip((counts[1] - counts[0]) / 4, permutations=2000) <= 0.05)
        print(f"sign flips, {problems} problems x 4 answers: level {share(rejected)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=4000)
    args = parser.parse_args()
    rng = np.random.default_rng(20_261_123)
    for part in (
        wilson_covers,
        clustered_covers,
        difference_covers,
        large_gaps_cover,
        decomposition_covers,
        tests_keep_their_level,
    ):
        part(rng, args.trials)


if __name__ == "__main__":
    main()
