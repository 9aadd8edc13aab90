"""The decisive ablation: {base, tuned} x {free, grammar, names} on the same problems.

Forcing the form by a grammar takes the surface out of the question: what is left of the difference between base and
tuned is competence. Needs the folder of a finished ``pyrite run``; answers lie in ``FOLDER/ablation`` and are not asked
again. The free answers are asked anew, so that all six rows have the same token limit.

    python -m benchmarks ablation [--run runs/demo] [--limit 400]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

RUN = Path("runs/demo")
DECODINGS = ("free", "grammar", "names")


def last_checkpoint(run: Path) -> Path | None:
    """The folder of the highest step."""
    steps = sorted((run / "tuning").glob("checkpoint-*"), key=lambda path: int(path.name.partition("-")[2]))
    return steps[-1] if steps else None


def answer_and_score(run: Path, who: str, decoding: str, limit: int) -> dict[str, Any]:
    """The summary of one cell, and how many of its answers were cut."""
    from pyrite.models.answering import Settings
    from pyrite.models.answering.into_run import answer_into
    from pyrite.models.answering.making import make_answerer
    from pyrite.models.data import recipe_prompt
    from pyrite.models.recipes import read_recipe
    from pyrite.models.sources import parse_source
    from pyrite.problems.files import read_problems
    from pyrite.results.scoring import score_into

    recipe = read_recipe(run / "recipe.toml")
    settings = Settings(max_new_tokens=limit, decoding=decoding)  # one of the three
    name = recipe.model.source if who == "base" else str(last_checkpoint(run))
    out = run / "ablation" / f"{who}-{decoding}"
    prompt = recipe_prompt(recipe.prompt, recipe.data)
    compute = (recipe.model.device, recipe.model.dtype, recipe.model.threads)
    answerer = make_answerer(parse_source(name), prompt, settings, compute)
    tally = answer_into(out, answerer, read_problems(run / "problems.jsonl"), settings)
    return {**score_into(out), "cut": tally.cut}


def cell(score: dict[str, Any]) -> str:
    """``33 of 40 [68, 91 %]``."""
    if score["rate"] is None:
        return "-"
    unknown = f", {score['unknown']} unknown" if score["unknown"] else ""
    known = score["passed"] + score["failed"]
    return f"{score['passed']} of {known} [{100 * score['low']:.0f}, {100 * score['high']:.0f} %]{unknown}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--run", type=Path, default=RUN)
    parser.add_argument("--limit", type=int, default=400)
    options = parser.parse_args()
    if last_checkpoint(options.run) is None:
        print(f"{options.run} holds no checkpoints; run `pyrite demo` first, or give --run FOLDER")
        return
    print(f"{options.run}, {options.limit} tokens at most; 95 % intervals\n")
    print("| | surface | substance | substance given surface | cut |\n|---|---|---|---|---|")
    for who in ("base", "tuned"):
        for decoding in DECODINGS:
            found = answer_and_score(options.run, who, decoding, options.limit)
            scores = [cell(found[name]) for name in ("surface", "substance", "substance_given_surface")]
            print(f"| {who}, {decoding} | {' | '.join(scores)} | {found['cut']} |")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
