"""A tiny study: two seeds of LoRA and the untuned model, two rates to choose from, on a random model."""

from pathlib import Path

from tiny_model import make_tiny

TUNED = """
[model]
source = "{model}"
device = "cpu"
dtype = "float32"
threads = 1
[data]
families = ["knapsack"]
texts = "plain"
count = 4
[schedule]
steps = 2
batch_size = 1
"""
"""A recipe of two steps on the tiny model at ``model``."""

_HEAD = """
name = "tiny"
[axes]
method = [{{label = "LoRA", name = "lora", options = {{r = 4}}}}, "none"]
schedule.seed = {seeds}
[search]
factors = [1, 10]
problems = 2
[analysis]
baseline = "LoRA"
"""
_REST = """checkpoints = [1]
save_every = 1
[answers]
max_new_tokens = 6
[answers.problems]
families = ["knapsack"]
texts = "plain"
count = 2
"""
TEXT = _HEAD + TUNED.lstrip() + _REST


def write_tiny_study(folder: Path, seeds: str = "[0]", more: str = "") -> Path:
    """The model and ``study.toml`` in ``folder``."""
    if not (folder / "model").exists():
        make_tiny(folder / "model")
    path = folder / "study.toml"
    path.write_text(TEXT.format(model=folder / "model", seeds=seeds) + more)
    return path
