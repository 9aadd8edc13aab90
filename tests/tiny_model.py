"""A tiny randomly initialised Llama with a tokenizer of its own, made in a second: for tests that need some model."""

from pathlib import Path

from pyrite.problems.problem import Problem

CHAT = (
    "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
MARKS = ["<|end|>", "<|pad|>", "<|system|>", "<|user|>", "<|assistant|>"]


def make_tiny(
    folder: Path,
    *,
    chat: bool = True,
    seed: int = 0,
    layers: int = 2,
    vocabulary: int = 420,
    width: int = 48,
    tied: bool = False,
) -> Path:
    """Write model and tokenizer into ``folder`` as safetensors, ready for ``parse_source``."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=MARKS,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    text = [problem.text for problem in bakeries(20)] + [problem.reference.to_json() for problem in bakeries(20)]
    tokenizer.train_from_iterator(text, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|end|>", pad_token="<|pad|>")
    if chat:
        fast.chat_template = CHAT
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(fast),
        hidden_size=width,
        intermediate_size=96,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=2048,
        bos_token_id=None,
        eos_token_id=fast.eos_token_id,
        pad_token_id=fast.pad_token_id,
        tie_word_embeddings=tied,
    )
    model = LlamaForCausalLM(config)
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder


def bakeries(count: int, first: int = 0) -> list[Problem]:
    """Small product-mix problems with references, made without the families."""
    found = []
    for number in range(first, first + count):
        a, b, c, d = 2 + number % 7, 3 + number % 5, 1 + number % 4, 1 + number % 3
        limit = 40 + 7 * (number % 11)
        extra = " At least 3 breads are promised." if number % 3 == 0 else ""
        constraints = {"oven": f"{c}*bread + {d}*cake <= {limit}"}
        if extra:
            constraints["promise"] = "bread >= 3"
        reference = {
            "variables": {"bread": {"domain": "integer", "lower": 0}, "cake": {"domain": "integer", "lower": 0}},
            "objective": {"sense": "maximize", "expression": f"{a}*bread + {b}*cake"},
            "constraints": constraints,
        }
        text = (
            f"A bread earns {a}, a cake {b}. A bread takes {c} minutes of oven, a cake {d}; {limit} are there.{extra} "
            "What earns most?"
        )
        found.append(Problem.from_dict({"id": f"bakery-{number}", "text": text, "reference": reference}))
    return found
