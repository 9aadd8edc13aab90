"""Which text is the answer, and what is wrong with it: the right verdict of every case, written before the code.

Each row: the strict verdict (surface, substance) with its code, and the same after ``repair = form``. The first rows
are about finding the answer, the others about spellings. ``-`` is no code: the strict verdict passes the surface.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pyrite.feasibility.policy import Policy
from pyrite.feasibility.scoring.ladder import Judge
from pyrite.problems.problem import Problem

CASES: dict[str, Any] = json.loads((Path(__file__).parents[1] / "answers" / "raw.json").read_text(encoding="utf-8"))

# name: strict surface, strict substance, code; surface and substance after repair
TABLE = """
plain                       yes yes -                     yes yes
fence                       yes yes -                     yes yes
fence_prose                 yes yes -                     yes yes
think                       yes yes -                     yes yes
think_draft_then_final      yes yes -                     yes yes
think_draft_then_truncated  no  no  truncated             no  no
think_draft_unclosed        no  no  unfinished            no  no
final_then_solution_json    yes yes -                     yes yes
final_then_repair_note      yes yes -                     yes yes
two_same                    yes yes -                     yes yes
two_wrong_last              yes no  -                     yes no
answer_tag                  yes yes -                     yes yes
eos_text                    yes yes -                     yes yes
eos_text2                   yes yes -                     yes yes
bom                         yes yes -                     yes yes
extra_first_brace           yes yes -                     yes yes
truncated                   no  no  truncated             no  no
repeat_loop                 no  no  truncated             no  no
refusal                     no  no  refused               no  no
jsonl_pieces                no  no  missing-section       no  no
ellipsis                    no  no  ellipsis              no  no
dup_key                     no  no  duplicate-key         no  no
ctrl_tab                    yes yes -                     yes yes
crlf                        yes yes -                     yes yes
u003c                       yes yes -                     yes yes
third                       yes yes -                     yes yes
sci                         yes yes -                     yes yes
nbsp_in_expr                yes yes -                     yes yes
x_1                         yes yes -                     yes yes
swap_names_x_y              yes yes -                     yes yes
wrapper                     no  no  wrapper               yes yes
wrapper_extra               no  no  wrapper               yes yes
tool_call                   no  no  wrapper               yes yes
escaped_string              no  no  wrapper               yes yes
list_wrapper_two            no  no  wrapper               yes yes
escaped_backslashes         no  no  escaped-quotes        yes yes
extra_key_top               no  no  extra-key             yes yes
trailing_comma              no  no  trailing-comma        yes yes
line_comment                no  no  comment               yes yes
block_comment               no  no  comment               yes yes
single_quotes               no  no  single-quotes         yes yes
py_none                     no  no  python-literal        yes no
smart_quotes                no  no  smart-quotes          yes yes
nbsp_outside                no  no  odd-space             yes yes
missing_comma               no  no  missing-comma         yes yes
missing_last_brace          no  no  missing-brace         yes yes
Infinity                    no  no  not-finite            yes yes
inf_str                     no  no  infinite-bound        yes yes
str_lower                   no  no  number-as-text        yes yes
domain_Integer              no  no  case-of-word          yes yes
domain_NonNeg               no  no  other-word            yes yes
sense_max                   no  no  other-word            yes yes
constraints_list            no  no  constraints-as-list   yes yes
constraint_obj              no  no  constraint-as-map     yes yes
no_lower                    no  no  missing-key           no  no
space_names                 no  no  bad-name              yes yes
dash_names                  no  no  bad-name              yes yes
accent_names                no  no  bad-name              yes yes
chinese_names               no  no  bad-name              yes yes
x_brace                     no  no  bad-name              yes yes
fullwidth_digits            no  no  full-width            yes yes
le_sign                     no  no  unicode-operator      yes yes
minus_sign                  no  no  unicode-operator      yes yes
times                       no  no  unicode-operator      yes yes
implicit                    no  no  implicit-product      yes yes
implicit_space              no  no  implicit-product      yes yes
eq_le                       no  no  relation-spelling     yes yes
latex                       no  no  latex                 yes yes
latex_dollar                no  no  latex                 yes yes
frac                        no  no  latex                 yes no
currency                    no  no  currency              yes yes
colon_label                 no  no  label                 yes yes
comment_in_expr             no  no  expression-comment    yes yes
python_pow                  no  no  bad-power             yes yes
strict                      no  no  strict-inequality     no  no
percent                     no  no  percent               no  no
units                       no  no  implicit-product      no  no
for_all                     no  no  misplaced-word        no  no
"""

ROWS = [line.split() for line in TABLE.strip().splitlines()]


def test_the_table_has_every_case() -> None:
    assert sorted(row[0] for row in ROWS) == sorted(CASES["outputs"])


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge(Problem.from_dict(CASES["problem"]).as_reference(), Policy())


@pytest.fixture(scope="module")
def forgiving() -> Judge:
    return Judge(Problem.from_dict(CASES["problem"]).as_reference(), Policy(repair="form"))


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_repaired(row: list[str], forgiving: Judge) -> None:
    name, surface, substance, _, surface_after, substance_after = row
    verdict = forgiving.judge(CASES["outputs"][name])
    assert (verdict.surface, verdict.substance) == (surface == "yes", substance == "yes"), "strict stays strict"
    after = verdict.surface or bool(verdict.repaired and verdict.repaired["surface"])
    assert (after, verdict.substance_after_repair) == (surface_after == "yes", substance_after == "yes"), (
        verdict.repaired
    )


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_strict(row: list[str], judge: Judge) -> None:
    name, surface, substance, code = row[:4]
    verdict = judge.judge(CASES["outputs"][name])
    failed = verdict.first_failure
    found = "-" if failed is None or verdict.surface else verdict.stages[failed].code
    assert (verdict.surface, verdict.substance, found) == (surface == "yes", substance == "yes", code)
