"""Where the parser stands in its tokens, and how it says what is wrong there."""

from __future__ import annotations

from typing import Final, NoReturn

from ...errors import PyriteError
from ...policy import Policy
from ...verdict import Finding
from .tokens import RESERVED, Token, tokenize

RELATIONS: Final = {"<=": "<=", ">=": ">=", "==": "==", "=": "=="}
COMPARISONS: Final = {**RELATIONS, "<": "<", ">": ">", "!=": "!="}


class ExpressionError(PyriteError):
    """A text that does not read by the grammar; ``finding`` says why and points at the character."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(f"{finding.message}; {finding.hint}" if finding.hint else finding.message)
        self.finding = finding


class Cursor:
    """A place in a text of tokens; ``depth`` counts what makes the parser recurse."""

    def __init__(self, text: str, policy: Policy) -> None:
        if len(text) > policy.max_expression_chars:
            raise ExpressionError(
                Finding(
                    "expression-too-long",
                    f"the expression has {len(text):,} characters, {policy.max_expression_chars:,} are allowed",
                    at=policy.max_expression_chars,
                    end=len(text),
                    hint="use sum(... for i in S), or several constraints",
                )
            )
        self.tokens = tokenize(text)
        self.place = 0
        self.token = self.tokens[0]
        self.depth = 0
        self.policy = policy
        if self.token.kind == "end":
            self.fail(
                "empty-expression", "the expression is empty", self.token, "write an expression such as 3*x + 2*y"
            )

    # Moving along the tokens.

    def advance(self) -> Token:
        token = self.token
        self.place += 1
        self.token = self.tokens[self.place]
        return token

    def take(self, sign: str) -> bool:
        """Step over the operator ``sign`` if it is next."""
        if self.token.kind == "op" and self.token.text == sign:
            self.advance()
            return True
        return False

    def word(self, name: str) -> bool:
        return self.token.kind == "name" and self.token.text == name

    def deepen(self, levels: int = 1) -> None:
        self.depth += levels
        if self.depth > self.policy.max_nesting:
            self.fail(
                "expression-too-deep",
                f"the expression is nested more than {self.policy.max_nesting} deep",
                self.token,
                "remove parentheses or split it",
            )

    def fail(self, code: str, message: str, token: Token, hint: str, *, at: int | None = None) -> NoReturn:
        """Report at ``token``, unless it is no word at all: then that is the error."""
        finding = token.finding or Finding(code, message, at=token.at if at is None else at, end=token.end, hint=hint)
        raise ExpressionError(finding)

    def finish(self) -> None:
        """The text must end here."""
        token = self.token
        if token.kind == "end":
            return
        if token.kind == "op" and token.text in ")]":
            self.fail("unbalanced-parenthesis", f"{token.text!r} closes nothing", token, "remove it or open it earlier")
        if token.kind == "op" and token.text == "," and self._thousands():
            message = "a comma at the thousands has no meaning here"
            self.fail("thousands-separator", message, token, "write the number without commas, as in 1200")
        if token.kind == "op" and token.text == ",":
            self.fail("bad-character", "a comma has no meaning here", token, "write decimals with a point, as in 0.5")
        if token.kind == "name" and token.text in ("for", "if"):
            self.fail(
                "misplaced-word",
                f"{token.text!r} stands outside of sum(...)",
                token,
                'repeat a constraint with {"for": "i in I", "expression": ...}; sum with sum(x[i] for i in I)',
            )
        self.unexpected(token)

    def _thousands(self) -> bool:
        """Whether the comma here stands in a number such as 1,200."""
        before, after = self.tokens[self.place - 1] if self.place else self.token, self.tokens[self.place + 1]
        if before.kind != "number" or after.kind != "number" or before.end + 1 != after.at:
            return False
        whole = after.text.partition(".")[0]
        return before.text.isdigit() and len(before.text) <= 3 and before.text[0] != "0" and len(whole) == 3

    def unexpected(self, token: Token) -> NoReturn:
        """Something stands where an operand or the end belongs."""
        if token.kind == "end":
            self.fail(
                "missing-operand", "the expression ends too early", token, "write what comes next or stop earlier"
            )
        if token.kind == "name" and token.text in RESERVED:
            self.fail("misplaced-word", f"{token.text!r} has no meaning here", token, "use another name")
        if token.kind == "op":
            self.unexpected_operator(token)
        if token.kind == "string":
            self.fail("bad-character", "a quoted text has no value", token, "quote set members, and only inside [ ]")
        self.fail("missing-operator", f"an operator is missing before {token.text!r}", token, "write * for a product")

    def unexpected_operator(self, token: Token) -> NoReturn:
        before = self.tokens[self.place - 1] if self.place else None
        if before is not None and before.end == token.at and before.text + token.text in ("=<", "=>", "<>", "//"):
            both = before.text + token.text
            code = "relation-spelling" if both in ("=<", "=>") else "bad-operator"
            hint = {"=<": "write <=", "=>": "write >=", "<>": "write !="}.get(both, "write /")
            self.fail(code, f"{both!r} is not an operator", token, hint, at=before.at)
        if token.text == "[":
            self.fail("bad-index", "[ ] follows a name only", token, "write all indices in one pair: x[i,j]")
        if token.text == "+":
            self.fail("missing-operand", "'+' needs a number or name on its left", token, "leave the + away")
        if token.text in ")]":
            self.fail("missing-operand", f"something is missing before {token.text!r}", token, "write a number or name")
        self.fail(
            "missing-operand", f"a number or name is missing before {token.text!r}", token, "write both of its sides"
        )
