"""What each tuning method is, in plain words, known without loading torch or peft.

A test holds these names against those of the installed peft, so that the list is neither short nor long.
"""

from __future__ import annotations

from typing import Final

SUMMARIES: Final[dict[str, str]] = {
    "none": "no tuning: the model as it is",
    "full": "every weight learns",
    "loreft": "edits of hidden states in a learned subspace, weights frozen (arXiv 2404.03592)",
    "direft": "the same with a cheaper edit, without orthogonality (arXiv 2404.03592)",
    "softcot": "soft thoughts of a small assistant model, projected into the prompt (arXiv 2502.12134)",
    "lora": "low-rank updates beside frozen weights (arXiv 2106.09685)",
    "dora": "LoRA that learns size and direction of the weights apart (arXiv 2402.09353)",
    "rslora": "LoRA scaled by alpha/sqrt(r), for large ranks (arXiv 2312.03732)",
    "pissa": "LoRA started at the weights' principal singular values (arXiv 2404.02948)",
    "adalora": "LoRA that moves rank to where it matters (arXiv 2303.10512)",
    "adamss": "each weight split by SVD into clusters of subspaces that learn",
    "adaption_prompt": "LLaMA-Adapter: gated prompt tokens in the upper layers (arXiv 2303.16199)",
    "beft": "added bias terms of the value projections only (arXiv 2509.15974)",
    "boft": "weights rotated by butterfly-factored orthogonal matrices (arXiv 2311.06243)",
    "c3a": "updates by circular convolution (arXiv 2407.19342)",
    "cartridge": "a trained key-value cache in front of every prompt (arXiv 2506.06266)",
    "deft": "a subspace of each frozen weight replaced by learned content",
    "delora": "LoRA with the strength of the update bounded and learned apart (arXiv 2503.18225)",
    "fourierft": "updates as a few learned Fourier coefficients (arXiv 2405.03003)",
    "frod": "updates by a shared full-rank basis and few learned numbers",
    "glora": "LoRA generalised: weights, biases and activations (arXiv 2306.07967)",
    "gralora": "LoRA in blocks of each weight, for finer updates (arXiv 2505.20355)",
    "hira": "low-rank update multiplied into the weight entry by entry: high rank, few numbers",
    "hra": "weights turned by a chain of Householder reflections (arXiv 2405.17484)",
    "ia3": "learned scales of keys, values and inner activations (arXiv 2205.05638)",
    "lily": "low-rank updates whose parts are shared across layers (arXiv 2407.09946)",
    "ln_tuning": "layer norms only (arXiv 2312.11420)",
    "loha": "updates as Hadamard products of low-rank matrices (arXiv 2108.06098)",
    "lokr": "updates as Kronecker products (arXiv 2309.14859)",
    "miss": "one small matrix shared by shards of each weight (arXiv 2409.15371)",
    "oft": "weights rotated by block-diagonal orthogonal matrices (arXiv 2306.07280)",
    "shira": "a sparse set of the weights themselves (arXiv 2406.13175)",
    "prompt_tuning": "learned embeddings in front of the prompt, weights frozen (arXiv 2104.08691)",
    "osf": "every weight but its most important singular directions (arXiv 2504.07097)",
    "p_tuning": "learned embeddings made by a small network (arXiv 2103.10385)",
    "peanut": "updates made by small networks of the weights themselves (arXiv 2410.01870)",
    "prefix_tuning": "learned keys and values in front of every layer (arXiv 2101.00190)",
    "psoft": "an orthogonal turn between frozen low-rank factors",
    "pvera": "VeRA with a distribution over its scales",
    "randlora": "full-rank updates out of random bases and learned scales (arXiv 2502.00987)",
    "road": "pairs of activations rotated and scaled (arXiv 2409.00119)",
    "supertuning": "a sparse set of entries chosen by their size, with LoRA beside them on request (arXiv 2607.09287)",
    "tinylora": "a tiny learned vector through fixed random tensors (arXiv 2602.04118)",
    "trainable_tokens": "the embeddings of chosen tokens only",
    "unilora": "all LoRA weights out of one small learned vector (arXiv 2506.00799)",
    "vblora": "LoRA composed of a shared bank of vectors (arXiv 2405.15179)",
    "vera": "shared random low-rank matrices, learned scales (arXiv 2310.11454)",
    "waveft": "updates as a few learned wavelet coefficients (arXiv 2505.12532)",
}
"""A line a method: Pyrite's own first, then every type of peft that a recipe can name."""
