"""``pyrite demo --quick``: stored answers of a real tuned model, scored and shown; no model, no torch."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

from ..feasibility.disk import write_whole
from .console import progress

EXAMPLES = {"base": 0, "step-24": 48, "step-50": 100, "step-100": 200, "step-200": 400}
"""The stored runs in the order of training, and how many examples each had seen."""

MODEL = "SmolLM2-135M-Instruct, LoRA (stored answers)"


def quick_demo(out: Path) -> dict[str, Any]:
    """Score the stored answers into ``out/runs`` and write ``out/report``; gives what ``pyrite run`` gives."""
    from ..problems.files import read_problems
    from ..reports.charts import CurvePoint, learning_curve, standalone
    from ..reports.pages.site import write_site
    from ..results.collection import read_collection
    from ..results.statistics import rate_of

    folder = resources.files("pyrite.docs.examples")
    rows = []
    with resources.as_file(folder.joinpath("problems.jsonl")) as path:
        problems = read_problems(path)
    with progress(len(EXAMPLES), "scoring stored answers") as tell:
        for number, (name, examples) in enumerate(EXAMPLES.items(), 1):
            with resources.as_file(folder.joinpath("outputs").joinpath(f"{name}.jsonl")) as path:
                rows.append(_scored(out / "runs" / name, path, problems, examples))
            tell(number)
    collection = read_collection([out / "runs" / name for name in EXAMPLES])
    write_site(collection, out / "report")
    points = [
        CurvePoint(run.name, run.examples or 0, rate_of(run.observed, "surface"), rate_of(run.observed, "substance"))
        for run in collection.runs
    ]
    curve = out / "curve.svg"
    write_whole(curve, standalone(learning_curve(points)) + "\n")
    return {"runs": rows, "report": str(out / "report" / "index.html"), "curve": str(curve)}


def _scored(run: Path, outputs: Path, problems: Any, examples: int) -> dict[str, Any]:
    """One run folder with both scores; what it holds already is not judged again."""
    from ..feasibility.policy import Policy
    from ..results.outputs import read_outputs
    from ..results.run import RunFolder
    from ..results.scoring import score_outputs, summary_of

    folder, answers, policy = RunFolder(run), read_outputs(outputs), Policy()
    scored = score_outputs(problems, answers, policy, folder=folder)
    folder.update_run({"model": MODEL, "training_examples": examples})
    summary = json.loads(json.dumps(summary_of(scored.verdicts, problems, policy, folder)))
    scores = {name: summary[name] for name in ("surface", "substance", "substance_given_surface")}
    cut = summary["codes"]["fail"].get("truncated", 0)
    return {"run": run.name, "training_examples": examples, "outputs": summary["outputs"], "cut": cut, **scores}
