"""Readers of other programs' answers: what a file is, is told by what it holds, not by its name."""

from .reading import read_answers

__all__ = ["read_answers"]
