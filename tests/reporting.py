"""Made-up verdicts and runs for the tests of `reports`."""

from pyrite.feasibility.verdict import STAGES, StageResult, Verdict


def verdict(problem: str, reached: str | None, sample: int = 0, unknown: str | None = None, strongest="equivalent"):
    """A verdict that fails at ``reached`` (None: passes everything its reference allows)."""
    stages, failed = {}, False
    for stage in STAGES:
        if failed:
            stages[stage] = StageResult("skipped", "earlier-stage", "an earlier stage did not pass")
        elif stage == reached:
            stages[stage], failed = StageResult("fail", "made-up", "made up"), True
        elif stage == unknown:
            stages[stage] = StageResult("unknown", "time-limit", "10 s")
        elif STAGES.index(stage) > STAGES.index(strongest) or (stage == "sound" and strongest != "equivalent"):
            stages[stage] = StageResult("skipped", "no-reference", "nothing to compare with")
        else:
            stages[stage] = StageResult("pass")
    return Verdict(stages, strongest=strongest, problem_id=problem, sample=sample)
