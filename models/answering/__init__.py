"""Who answers and how: a loaded model, vLLM or an endpoint, in batches into an append-only file."""

from .answering import (
    BACK_ENDS,
    DECODINGS,
    Answerer,
    BackEnd,
    Decoding,
    Request,
    Settings,
    Tally,
    answer_problems,
    sample_seed,
)

__all__ = [
    "BACK_ENDS",
    "DECODINGS",
    "Answerer",
    "BackEnd",
    "Decoding",
    "Request",
    "Settings",
    "Tally",
    "answer_problems",
    "sample_seed",
]
