"""How fast problems are drawn and proved: problems a second and the slowest draw, by family and size.

``python -m benchmarks drawing`` measures one core; two cores are measured by
``time pyrite problems make --family all --size all --count 50 --jobs 2 --out FILE``.
"""

from __future__ import annotations

import statistics
import time

from pyrite.problems.families import FAMILIES, SIZES, draw


def main(seeds: int = 5) -> None:
    """Draw ``seeds`` plain problems of each family and size and print a table."""
    draw("product-mix", 0)  # loads the solver
    print(f"{'family':<22}{'size':<8}{'per second':>12}{'median s':>10}{'worst s':>10}{'certified':>11}")
    total, count = 0.0, 0
    for family in FAMILIES:
        for size in SIZES:
            seconds, certified = [], 0
            for seed in range(seeds):
                start = time.perf_counter()
                problem = draw(family, seed, size)
                seconds.append(time.perf_counter() - start)
                certified += problem.extra["proof"] == "certified"
            total += sum(seconds)
            count += seeds
            print(
                f"{family:<22}{size:<8}{seeds / sum(seconds):>12.1f}{statistics.median(seconds):>10.4f}"
                f"{max(seconds):>10.3f}{f'{certified}/{seeds}':>11}"
            )
    print(f"{count} problems in {total:.1f} s: {count / total:.1f} a second on one core")


if __name__ == "__main__":
    main()
