"""What several tests of models need."""

import pytest


@pytest.fixture(scope="module")
def accepts(tiny):
    """Whether a grammar lets a text through to its end, token by token of the module's ``tiny`` model."""
    from llguidance import LLMatcher
    from llguidance.hf import from_tokenizer

    tokenizer = from_tokenizer(tiny.tokenizer)

    def check(grammar, text):
        matcher = LLMatcher(tokenizer, LLMatcher.grammar_from_lark(grammar))
        assert not matcher.is_error(), matcher.get_error()
        tokens = tiny.tokenizer(text, add_special_tokens=False)["input_ids"]
        return matcher.try_consume_tokens(tokens) == len(tokens) and matcher.is_accepting()

    return check
