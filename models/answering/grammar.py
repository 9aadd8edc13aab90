"""The language as a grammar for constrained decoding, in llguidance's Lark.

It covers stage 2 and the reading part of stage 3: JSON in the canonical order, with the grammar of expressions inside
its strings. It cannot forbid a repeated key or an undeclared name, which no context-free grammar can;
``names_grammar`` does both for one problem. It allows less than the language: one blank at most between signs, chains
upwards only, names of at most 41 characters.
"""

from __future__ import annotations

from functools import cache

VERSION = 2
"""Raised whenever what a grammar allows changes: constrained answers under another version are other answers."""

TERMINALS = r"""
JNUMBER: /-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?/
NUMBER: /(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?/
COLON: /: ?/
COMMA: /, ?/
ADD: / ?[+-] ?/
MULTIPLY: / ?\* ?/
DIVIDE: / ?\/ ?/
RELATION: / ?(<=|>=|==) ?/
UP: / ?<= ?/
AND: /, ?/
DOMAIN: "\"continuous\"" | "\"integer\""
SENSE: "\"maximize\"" | "\"minimize\""
WORD: /[A-Za-z][A-Za-z0-9_ -]{0,40}/
"""

_LANGUAGE = r"""
start: "{" (sets COMMA)? (parameters COMMA)? variables COMMA objective COMMA constraints "}"
sets: "\"sets\"" COLON "{" set (COMMA set)* "}"
set: key COLON "[" member (COMMA member)* "]"
member: "\"" WORD "\"" | WHOLE
parameters: "\"parameters\"" COLON "{" parameter (COMMA parameter)* "}"
parameter: key COLON "{" (index COMMA)? "\"values\"" COLON values "}"
values: JNUMBER | "{" value (COMMA value)* "}"
value: "\"" (WORD | WHOLE) "\"" COLON values
index: "\"index\"" COLON "[" key (COMMA key)* "]"
variables: "\"variables\"" COLON "{" variable (COMMA variable)* "}"
variable: key COLON "{" (index COMMA)? (ranged | binary) "}"
ranged: "\"domain\"" COLON DOMAIN COMMA "\"lower\"" COLON bound (COMMA upper)?
binary: "\"domain\"" COLON "\"binary\"" (COMMA "\"lower\"" COLON bound)? (COMMA upper)?
upper: "\"upper\"" COLON bound
bound: JNUMBER | "null"
objective: "\"objective\"" COLON "{" "\"sense\"" COLON (sought | "\"feasibility\"") "}"
sought: SENSE COMMA "\"expression\"" COLON "\"" expression "\""
constraints: "\"constraints\"" COLON "{" (constraint (COMMA constraint)*)? "}"
constraint: "\"" WORD "\"" COLON (plain | family)
plain: "\"" relation "\""
family: "{" "\"for\"" COLON "\"" loops (" if " condition)? "\"" COMMA "\"expression\"" COLON plain "}"
loops: NAME " in " NAME (AND NAME " in " NAME)*
relation: expression RELATION expression | expression UP expression UP expression
expression: "-"? term (ADD term)*
term: factor (MULTIPLY factor | DIVIDE factor)*
factor: primary "**2"?
primary: NUMBER | NAME ("[" place (AND place)* "]")? | "(" expression ")" | sum
sum: "sum(" expression (" for " NAME " in " NAME)+ (" if " condition)? ")"
condition: test ((" and " | " or ") test)*
test: "not "? place COMPARE place
place: spot (ADD spot)*
spot: NAME | WHOLE | "'" WORD "'"
key: "\"" NAME "\""
WHOLE: /-?(0|[1-9][0-9]{0,5})/
COMPARE: / ?(==|!=|<=|>=|<|>) ?/
NAME: /[A-Za-z_][A-Za-z0-9_]{0,40}/ & ~/sum|for|in|if|and|or|not/
"""


@cache
def language_grammar() -> str:
    """The grammar of the whole language, the same for every problem."""
    return _LANGUAGE + TERMINALS
