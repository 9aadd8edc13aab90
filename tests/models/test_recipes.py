"""Recipes: what is refused, with which words, and the committed ones."""

import pytest

from pyrite.feasibility.errors import PyriteError
from pyrite.models.recipes import parse_recipe, read_recipe, recipe_names

GOOD = '[data]\nfamilies = ["product-mix"]\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[scedule]", "has no key 'scedule'; did you mean 'schedule'"),
        ("[schedule]\nlearing_rate = 1", r"\[schedule\] has no key 'learing_rate'; did you mean 'learning_rate'"),
        ("[schedule]\nsteps = '3'", "schedule.steps is a whole number, not '3'"),
        ("[schedule]\nsteps = true", "schedule.steps is a whole number, not True"),
        ("[schedule]\nsteps = 1.5", "schedule.steps is a whole number, not 1.5"),
        ("[schedule]\nbatch_size = 0", "schedule.batch_size is at least 1, not 0"),
        ("[schedule]\nlearning_rate = -1", "schedule.learning_rate is a number from 0, not -1"),
        ("[schedule]\nlearning_rate = nan", "schedule.learning_rate is a number from 0, not nan"),
        ("[schedule]\nscheduler = 'cosin'", "schedule.scheduler is one of linear, cosine"),
        ("[schedule]\nsteps = 5\ncheckpoints = [6]", r"schedule.checkpoints go beyond schedule.steps \(5\)"),
        ("[schedule]\nsteps = 5\ncheckpoints = [2, 2]", "schedule.checkpoints are different step numbers from 1"),
        ("[schedule]\nwarmup = 5", "schedule.warmup is a share of the steps"),
        ("[schedule]\nsteps = 0\nepochs = 0", "schedule.steps or schedule.epochs must be above 0"),
        ("schedule = 3", r"schedule is a section \(\[schedule\]\), not 3"),
        ("[method]\nname = 'lorra'", r"\[method\] unknown method 'lorra'; did you mean 'lora'"),
        (
            "[method]\nname = 'lora'\n[method.options]\nrank = 3",
            r"method 'lora' has no option 'rank'; see peft's LoraConfig",
        ),
        (
            "[method]\nname = 'lora'\n[method.options]\nlora_alfa = 3",
            "no option 'lora_alfa'; did you mean 'lora_alpha'",
        ),
        ("[method]\nname = 'full'\n[method.options]\nr = 3", "method 'full' has no option 'r'"),
        ("[method]\nname = 'none'\n[method.options]\nr = 3", "method 'none' has no options"),
        ("[method]\nname = 'prompt_tuning'\n[schedule]\npacking = true", "schedule.packing does not go with method"),
        ("[data]\nfamilies = ['product-mixx']", "data.families has no 'product-mixx'; did you mean 'product-mix'"),
        ("[data]\nfamilies = ['product-mix']\nfile = 'x'", r"\[data\] takes families, grids or a file, one of"),
        ("[data]\nfamilies = ['product-mix']\noutages = 'one'", "data.physics and data.outages are about grids"),
        ("[data]\ngrids = ['ieee9']", 'data.task is "plan" where grids are named'),
        ("[data]\ngrids = ['ieee99']\ntask = 'plan'", "data.grids: there is no grid 'ieee99'; there are ieee9"),
        ("[data]\ngrids = ['ieee57']\ntask = 'plan'", "ieee57 has no alternating current optimum"),
        ("[data]\nfamilies = 'product-mix'", "data.families is a list"),
        ("[data]\nsize = 'tiny'", "data.size is one of small, medium, large, not 'tiny'"),
        ("[answers]\nsamples = 2", r"\[answers\] several samples of a greedy answer"),
        ("[answers.problems]\ncount = 0", "answers.problems.count is at least 1"),
        ("[prompt]\nstyle = 'long'", "prompt.style is one of short, full, not 'long'"),
        ("= 3", "is no TOML"),
    ],
)
def test_a_bad_recipe_is_refused_with_the_key(text, said):
    body = text if text.startswith("[data]") else f"{text}\n{GOOD}"
    with pytest.raises(PyriteError, match=f"^r.toml: .*{said}|^r.toml {said}"):
        parse_recipe(body, "r.toml")


def test_training_needs_data():
    with pytest.raises(PyriteError, match=r"\[data\] needs families, grids or a file"):
        parse_recipe("", "r.toml")


def test_a_missing_recipe_names_the_committed_ones():
    with pytest.raises(PyriteError, match=r"there is no recipe nothing\.toml; give a file, or one of .*demo"):
        read_recipe("nothing.toml")


@pytest.mark.parametrize("name", recipe_names())
def test_every_committed_recipe_is_valid(name):
    recipe = read_recipe(name)
    assert recipe.name == name
    assert parse_recipe(f"{GOOD}", "x").digest != recipe.digest


def test_the_digest_depends_on_what_is_trained_and_not_on_what_is_asked():
    base = parse_recipe(GOOD)
    assert parse_recipe(GOOD + "[answers]\nmax_new_tokens = 9").digest == base.digest
    assert parse_recipe(GOOD + "[schedule]\nseed = 1").digest != base.digest
    assert parse_recipe(GOOD + "[method]\nname='full'").digest != base.digest


def test_defaults_are_written_out():
    document = parse_recipe(GOOD).to_dict()
    assert document["method"] == {"name": "lora", "options": {}}
    assert document["answers"]["problems"]["count"] == 40
