"""Expressions: tokens, syntax trees, parsing, and text again."""
