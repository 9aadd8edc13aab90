"""A tokenizer for models from scratch, in which copying a name is copying its tokens.

Letters are folded to lower case, and neither the space between two words nor the ``_`` between two words of a name is a
token: ``Ice cream`` and ``ice_cream`` are the same two tokens, each a word with its mark of beginning. Two words that
stand together are written with ``_`` between them. A relation or sum of an expression is one token with the spaces
around it, and at most three digits stand together. Pyrite's compact formulations in lower case come back to the letter;
prose comes back with other gaps than it had.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

SPECIAL = ("<unk>", "<pad>", "</s>", "<problem>", "<model>")

# What every formulation repeats is one token: the brackets and the domain, which would be half of what is written.
_PIECES = "|".join(
    (
        r" (?:[+\-]|<=|>=|==) ",
        r'\{"\u2581variables":\{"',
        r'":\{"\u2581domain":"\u2581(?:integer|continuous|binary)"',
        r'\}+,"\u2581objective":\{"\u2581sense":"\u2581(?:maximize|minimize)","\u2581expression":"',
        r'"\},"\u2581constraints":\{"',
        r',"\u2581(?:lower|upper)":',
        r"\u2581[a-z]+",
        r"[0-9]{1,3}",
        r'["{}:,\[\]]+',
        r"(?<![a-z])_|_(?!\u2581)",
        r"[^\sa-z0-9_]",
    )
)

# System prompts are left out: a model of a few million parameters follows no instructions, and they cost time.
TEMPLATE = (
    "{% for turn in messages %}"
    "{% if turn['role'] == 'user' %}{{ '<problem>' + turn['content'] + '<model>' }}"
    "{% elif turn['role'] == 'assistant' %}{{ turn['content'] + '</s>' }}{% endif %}"
    "{% endfor %}"
)


def train_tokenizer(texts: Iterable[str], size: int) -> Any:
    """A fast tokenizer of at most ``size`` tokens, learned by byte-pair merges within words of ``texts``."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True))  # noqa: S106
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Lowercase(), normalizers.Replace(Regex("(?<![a-z])(?=[a-z])"), "\u2581")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(_PIECES), behavior="removed", invert=True)
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Replace(Regex("(?<![a-z])\u2581"), ""),
            decoders.Replace("\u2581", "_"),
        ]
    )
    characters = [chr(code) for code in range(33, 127)]
    bytes_ = [f"<0x{code:02X}>" for code in range(256)]
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=[*SPECIAL, *bytes_],
        initial_alphabet=[*characters, " ", "\u2581"],
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="<unk>",  # noqa: S106
        pad_token="<pad>",  # noqa: S106
        eos_token="</s>",  # noqa: S106
        chat_template=TEMPLATE,
        clean_up_tokenization_spaces=False,
        padding_side="left",
    )
