"""Who answers and how: a loaded model, vLLM or an endpoint, in batches into an append-only file."""

from ..settings import BACK_ENDS, DECODINGS, BackEnd, Decoding, Settings
from .answering import Answerer, Request, Tally, answer_problems, sample_seed

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
