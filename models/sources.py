"""Where weights come from: embedded, a local folder, a Hugging Face id, a GGUF file, an adapter on any of these.

Everything that holds weights is first made a local folder, then loaded one way. An endpoint (``http://.../v1#MODEL``)
holds no weights here; ``endpoint`` answers for it.
"""

from __future__ import annotations

import hashlib
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..feasibility.disk import read_object
from ..feasibility.errors import PyriteError
from .devices import Compute
from .embedded import Note, converted_gguf, embedded_folder, file_sha256, first_line
from .methods import Prefill, Restored, get_method
from .quiet import quiet_transformers
from .templates import try_template

SourceKind = Literal["embedded", "folder", "hub", "gguf", "endpoint", "checkpoint"]
RECORD = "pyrite.json"
"""The file that Pyrite writes beside a checkpoint: its method, its base, what it cost."""
SHRUNK, SCRATCH = "pyrite-shrunk.json", "pyrite-scratch.json"
"""The files that ``pyrite models shrink`` and ``scratch`` write beside a model: what was cut, what it read."""

_DEEPEST = 4  # checkpoints of checkpoints


@dataclass(frozen=True, slots=True)
class Source:
    """What a ``--model`` says. ``adapter`` is a folder with what a method learned, put on top."""

    kind: SourceKind
    name: str
    adapter: Path | None = None

    @property
    def text(self) -> str:
        """How a person would write it."""
        return self.name if self.adapter is None else f"{self.name} + {self.adapter}"


@dataclass(slots=True)
class Loaded:
    """A model in memory with its tokenizer. ``identity`` says what it is, with hashes, for run.json."""

    model: Any
    tokenizer: Any
    compute: Compute
    identity: dict[str, Any]
    restored: Restored | None = None
    """What a method put on the base; None for the base as it is."""

    def take(self, restored: Restored) -> None:
        """Go on with what a method has made of the model."""
        self.model, self.restored = restored.model.to(self.compute.device), restored

    @property
    def language_model(self) -> Any:
        """The language model without what is wrapped around it."""
        return self.model if self.restored is None else self.restored.language_model

    @property
    def merged(self) -> bool:
        """Whether these are plain weights that can be written as one model."""
        return self.restored is None or self.restored.merged

    @property
    def plain_generate(self) -> bool:
        """Whether only transformers' ``generate`` serves it: positions or a state beside keys and values."""
        asked = self.restored is not None and self.restored.plain_generate
        return asked or bool(getattr(self.model, "_is_stateful", False))

    @property
    def prefill(self) -> Prefill | None:
        """What happens to the hidden states of each prompt."""
        return None if self.restored is None else self.restored.prefill


def parse_source(text: str, adapter: str | Path | None = None, depth: int = 0) -> Source:
    """Read a ``--model``: ``embedded``, a folder, a ``.gguf`` file, ``owner/name`` or an endpoint's address.

    Raises PyriteError when a path does not exist or the word means nothing. ``depth`` counts adapters that name
    adapters.
    """
    if depth > _DEEPEST:
        raise PyriteError(f"{text} names its base, which names its base, and so on without an end")
    on_top = None if adapter is None else Path(adapter)
    if on_top is not None and not on_top.is_dir():
        raise PyriteError(f"there is no adapter folder {on_top}")
    if text == "embedded":
        return Source("embedded", text, on_top)
    if text.startswith(("http://", "https://")):
        if on_top is not None:
            raise PyriteError("an endpoint takes no adapter: serve the tuned model instead")
        return Source("endpoint", text)
    path = Path(text).expanduser()
    if text.endswith(".gguf"):
        if not path.is_file():
            raise PyriteError(f"there is no file {text}")
        return Source("gguf", str(path), on_top)
    if path.is_dir():
        return _folder_source(path, on_top, depth)
    if text.startswith("hf:"):
        return Source("hub", text.removeprefix("hf:"), on_top)
    parts = text.split("/")
    if len(parts) == 2 and all(parts) and not text.startswith((".", "~")):
        return Source("hub", text, on_top)
    raise PyriteError(
        f"{text!r} is no model: it is no folder here, and a model is embedded, a folder, a .gguf file, "
        "a Hugging Face id (owner/name) or an endpoint (http://host/v1#model)"
    )


def _folder_source(path: Path, adapter: Path | None, depth: int) -> Source:
    if (path / RECORD).is_file():
        if adapter is not None:
            raise PyriteError(f"{path} is a checkpoint already; give its base as --model and the folder as --adapter")
        return Source("checkpoint", str(path))
    if (path / "adapter_config.json").is_file():
        base = _read_json(path / "adapter_config.json").get("base_model_name_or_path")
        if not base:
            raise PyriteError(f"{path} is an adapter that does not name its base; give --model BASE --adapter {path}")
        below = parse_source(str(base), depth=depth + 1)
        return Source(below.kind, below.name, path)
    if not (path / "config.json").is_file():
        raise PyriteError(f"{path} holds no model (no config.json, adapter_config.json or {RECORD})")
    return Source("folder", str(path), adapter)


def load(
    source: Source,
    compute: Compute,
    note: Note = lambda text: None,
    *,
    training: bool = False,
    depth: int = 0,
    options: dict[str, Any] | None = None,
) -> Loaded:
    """Load weights and tokenizer. Raises PyriteError, one line, for whatever is missing or does not fit.

    ``training`` leaves dropout and gradients as training wants them; otherwise the model is ready to answer.
    ``options`` are for transformers' ``from_pretrained``, as :mod:`.quantized` gives them.
    """
    if source.kind == "endpoint":
        raise PyriteError(f"{source.name} is an endpoint: it can answer, but it cannot be tuned or loaded here")
    if source.kind == "checkpoint":
        return _load_checkpoint(Path(source.name), compute, note, training=training, depth=depth)
    folder = local_folder(source, note)
    loaded = _load_folder(folder, compute, options or {})
    loaded.identity = {"model": source.name, "weights": weights_digest(folder)}
    shrunk, scratch = ("source", "source_weights", "removed", "steps"), ("parameters", "tokens", "held_out_loss")
    for file, made_by, told in ((SHRUNK, "shrunk", shrunk), (SCRATCH, "scratch", scratch)):
        if (folder / file).is_file():
            made = _read_json(folder / file)
            loaded.identity[made_by] = {key: made.get(key) for key in told}
    if source.adapter is not None:
        _put_on(loaded, source.adapter, source.name)
    if not training:
        loaded.model.eval().requires_grad_(False)
    return loaded


def load_tokenizer(source: Source, note: Note = lambda text: None) -> Any:
    """The tokenizer alone, which measures prompts without the weights in memory. None for an endpoint."""
    if source.kind == "endpoint":
        return None
    for _ in range(_DEEPEST):
        if source.kind == "checkpoint":
            source = _recorded(Path(source.name))[0]
    if source.kind == "checkpoint":
        raise PyriteError(f"{source.name} was tuned on what was tuned on what, and so on without an end")
    return _tokenizer(local_folder(source, note))


def base_of(source: Source) -> Source | None:
    """What a tuned model was before it was tuned; None when nothing says so."""
    if source.kind == "checkpoint":
        return _recorded(Path(source.name))[0]
    return Source(source.kind, source.name) if source.adapter is not None else None


def local_folder(source: Source, note: Note = lambda text: None) -> Path:
    """The local folder with a source's weights, fetched or converted on first use."""
    if source.kind == "embedded":
        return embedded_folder(note)
    if source.kind == "gguf":
        return converted_gguf(Path(source.name), note)
    if source.kind == "hub":
        return _fetch_from_hub(source.name, note)
    return Path(source.name)


def weights_digest(folder: Path) -> str:
    """SHA-256 over the names and contents of a folder's weight files: the identity of the weights."""
    files = [path for pattern in ("*.safetensors", "*.bin") for path in sorted(folder.glob(pattern))]
    digest = hashlib.sha256()
    for path in files:
        if path.name in ("training_args.bin", "optimizer.bin"):
            continue
        digest.update(f"{path.name} {file_sha256(path)}\n".encode())
    return digest.hexdigest()


def read_record(folder: Path) -> dict[str, Any]:
    """What Pyrite wrote beside a checkpoint. Raises PyriteError when it cannot be read."""
    return _read_json(folder / RECORD)


def _load_checkpoint(folder: Path, compute: Compute, note: Note, *, training: bool, depth: int) -> Loaded:
    if depth > _DEEPEST:
        raise PyriteError(f"{folder} was tuned on what was tuned on what, and so on without an end")
    base, method_name, expected = _recorded(folder)
    loaded = load(base, compute, note, training=True, depth=depth + 1)
    _refuse_other_base(loaded, folder, expected, base.text)
    _restore(loaded, method_name, folder, note)
    loaded.identity |= {"method": method_name, "checkpoint": folder.name, "checkpoint_weights": weights_digest(folder)}
    if not training:
        loaded.model.eval().requires_grad_(False)
    return loaded


def _put_on(loaded: Loaded, adapter: Path, base: str) -> None:
    from .methods.peft_adapter import restore_adapter

    if (adapter / RECORD).is_file():
        _, method_name, expected = _recorded(adapter)
        _refuse_other_base(loaded, adapter, expected, base)
        _restore(loaded, method_name, adapter, lambda text: None)
    elif (adapter / "adapter_config.json").is_file():
        with quiet_transformers():
            loaded.take(restore_adapter(loaded.model, adapter))
    else:
        raise PyriteError(f"{adapter} holds no adapter (no {RECORD} or adapter_config.json)")
    loaded.identity |= {"adapter": str(adapter), "adapter_weights": weights_digest(adapter)}


def _restore(loaded: Loaded, method_name: str, folder: Path, note: Note) -> None:
    method, record = get_method(method_name), read_record(folder)
    try:
        named, expected = method.helper(record["method"].get("options", {})), record.get("helper", {}).get("weights")
    except (KeyError, TypeError, AttributeError) as error:
        raise PyriteError(f"{folder / RECORD} does not say its method's options: {first_line(error)}") from error
    helper = load_helper(named, loaded, note) if named else None
    if helper is not None:
        _refuse_other_base(helper, folder, expected, named)
    with quiet_transformers():
        loaded.take(method.restore(loaded.model, folder, None if helper is None else helper.model))


def load_helper(name: str, beside: Loaded, note: Note = lambda text: None) -> Loaded:
    """Another model that a method needs, frozen, on the same device. Raises PyriteError for another vocabulary."""
    helper = load(parse_source(name), beside.compute, note)
    refuse_other_vocabulary(beside, helper, name)
    return helper


def refuse_other_vocabulary(base: Loaded, other: Loaded, name: str) -> None:
    """Raise PyriteError when a token has different numbers in two models: compared by content, not by size."""
    mine, theirs = base.tokenizer.get_vocab(), other.tokenizer.get_vocab()
    if mine == theirs:
        return
    token = min(token for token in mine.keys() | theirs.keys() if mine.get(token) != theirs.get(token))
    raise PyriteError(
        f"{name} has another vocabulary than {base.identity['model']}: token {token!r} is number "
        f"{theirs.get(token, 'none')} there and {mine.get(token, 'none')} here; both must know the same tokens"
    )


def _recorded(folder: Path) -> tuple[Source, str, str | None]:
    """A checkpoint's base, method and the hash of the base's weights, by its record."""
    record = read_record(folder)
    try:
        below, method_name = record["base"], record["method"]["name"]
        base = parse_source(below["source"], below.get("adapter"))
        return base, str(method_name), below.get("weights")
    except (KeyError, TypeError, AttributeError) as error:
        raise PyriteError(f"{folder / RECORD} does not say base and method: {first_line(error)}") from error


def _refuse_other_base(loaded: Loaded, folder: Path, expected: str | None, base: str) -> None:
    if expected is not None and loaded.identity["weights"] != expected:
        raise PyriteError(f"{folder} was tuned on other weights than {base} now has; give the model it was tuned on")


def _load_folder(folder: Path, compute: Compute, options: dict[str, Any]) -> Loaded:
    from transformers import AutoModelForCausalLM

    _refuse_impossible(folder)
    tokenizer = _tokenizer(folder)
    with quiet_transformers():
        try:
            model = AutoModelForCausalLM.from_pretrained(
                folder,
                dtype=compute.torch_dtype,
                attn_implementation="sdpa",
                local_files_only=True,
                trust_remote_code=False,
                **options,
            )
        except Exception as error:
            raise PyriteError(f"{folder} cannot be loaded as a language model: {first_line(error)}") from error
        try:
            if not options:  # else it is there already
                model.to(compute.device)
        except RuntimeError as error:
            raise PyriteError(
                f"the model does not fit on {compute.device}: {first_line(error)}; try --dtype bfloat16 or --device cpu"
            ) from error
    rows = model.get_input_embeddings().weight.shape[0]
    if len(tokenizer) > rows:
        raise PyriteError(f"{folder}: the tokenizer has {len(tokenizer)} tokens and the model knows {rows}")
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    if tokenizer.pad_token_id is None:
        raise PyriteError(f"{folder}: the tokenizer has neither a padding nor an end token")
    return Loaded(model, tokenizer, compute, {})


def _tokenizer(folder: Path) -> Any:
    from transformers import AutoTokenizer

    with quiet_transformers():
        try:
            tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        except Exception as error:
            raise PyriteError(
                f"{folder} cannot be loaded as a language model: its tokenizer: {first_line(error)}"
            ) from error
    if isinstance(tokenizer.chat_template, str):
        try_template(tokenizer.chat_template)
    return tokenizer


def _refuse_impossible(folder: Path) -> None:
    """A configuration that promises far more than the weight files hold would be built before anyone notices."""
    from safetensors import SafetensorError, safe_open

    files = sorted(folder.glob("*.safetensors"))
    if not files:
        return
    try:
        config = _read_json(folder / "config.json")
    except PyriteError as error:
        raise PyriteError(f"{folder} cannot be loaded as a language model: {error.message}") from error
    tensors, numbers = 0, 0
    try:
        for file in files:
            with safe_open(file, "pt") as opened:
                for name in opened.keys():  # noqa: SIM118 - no dict
                    tensors += 1
                    numbers += math.prod(opened.get_slice(name).get_shape())
    except (OSError, SafetensorError) as error:
        raise PyriteError(f"{folder} cannot be loaded as a language model: {first_line(error)}") from error
    layers, width, words = (config.get(key) for key in ("num_hidden_layers", "hidden_size", "vocab_size"))
    if isinstance(layers, int) and layers > tensors:
        raise PyriteError(f"{folder}: config.json says {layers} layers, and the weight files hold {tensors} tensors")
    if isinstance(width, int) and isinstance(words, int) and width * words > 2 * numbers:
        raise PyriteError(
            f"{folder}: config.json says {words} tokens of width {width}, and the weight files hold {numbers} numbers"
        )


def _fetch_from_hub(name: str, note: Note) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    wanted = ["*.safetensors", "*.json", "*.jinja", "*.model", "*.txt"]
    with quiet_transformers():
        try:
            return Path(snapshot_download(name, allow_patterns=wanted, local_files_only=True))
        except (LocalEntryNotFoundError, HFValidationError, OSError, ValueError):
            note(f"fetching {name} from the Hugging Face hub")
        try:
            return Path(snapshot_download(name, allow_patterns=wanted, etag_timeout=10))
        except HFValidationError as error:
            raise PyriteError(f"{name!r} is no Hugging Face id: {first_line(error)}") from error
        except HfHubHTTPError as error:
            raise PyriteError(f"{name} cannot be had from the Hugging Face hub: {first_line(error)}") from error
        except (LocalEntryNotFoundError, OSError) as error:
            reachable = os.environ.get("HF_ENDPOINT", "huggingface.co")
            raise PyriteError(
                f"{name} is not in the local cache and {reachable} cannot be reached; "
                "give a local folder, or --model embedded"
            ) from error


def _read_json(path: Path) -> dict[str, Any]:
    return read_object(path, "file of a model", links=True)
