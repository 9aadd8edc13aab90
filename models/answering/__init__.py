"""Who answers and how: a loaded model, vLLM or an endpoint, in batches into an append-only file."""

from ..settings import BACK_ENDS, DECODINGS, BackEnd, Decoding, Settings
from .answering import AnswerCount, Answerer, Request, answer_problems, sample_seed

__all__ = [
    "BACK_ENDS",
    "DECODINGS",
    "AnswerCount",
    "Answerer",
    "BackEnd",
    "Decoding",
    "Request",
    "Settings",
    "answer_problems",
    "sample_seed",
]
