"""Every code of a finding or a stage: when it is raised, an example, what to do about it; one table, so it is long.

Codes are stable: tools count them, people look them up. ``docs/codes.md`` is generated from this table, and
``tests/cases/`` holds one small file for each code of the language, named by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Code:
    """One way to fail, or one reason for having no answer.

    ``task`` is the ladder and ``stage`` the stage that it belongs to (``any``: any of the later stages can carry it);
    ``when`` says when it is raised, ``example`` shows text or a situation that raises it, ``advice`` says what to do.
    """

    code: str
    stage: str
    when: str
    example: str
    advice: str
    task: str = "formulation"


CODES: Final[dict[str, Code]] = {}
"""The table, by code, in the order of the stages."""


def _add(code: str, stage: str, when: str, example: str, advice: str, task: str = "formulation") -> None:
    if code in CODES:
        raise ValueError(f"the code {code} is listed twice")
    CODES[code] = Code(code, stage, when, example, advice, task)


def stage_of(code: str) -> str:
    """The stage that a code belongs to; a code that the table does not have belongs to ``builds``."""
    return CODES[code].stage if code in CODES else "builds"


# Short entries read best as a table, so the formatter leaves them alone.
# fmt: off

# Stage 1: parses.
_add("empty-output", "parses", "the text is empty or white space; counts as not answered",
     "(nothing)", "answer with one JSON object")
_add("no-json", "parses", "the text holds no JSON object: prose only",
     "Bake 30 loaves of bread.", "answer with one JSON object")
_add("truncated", "parses", "the text ends inside the JSON object",
     '{"variables": {"x": {"domain":', "allow more tokens, or write a shorter formulation")
_add("unfinished", "parses", "thinking is not closed, nothing follows it, or the token limit ended the answer",
     "<think>Perhaps {...}? Wait,", "allow more tokens, or switch thinking off")
_add("wrapper", "parses", "the formulation stands inside another JSON value: a map, a list, a text, a tool call",
     '{"formulation": {"variables": ...}}', "answer with the inner object alone")
_add("trailing-comma", "parses", "a comma stands before a closing bracket",
     '{"variables": {}, }', "remove the comma")
_add("missing-comma", "parses", "two entries of a JSON map or list are not separated by a comma",
     '{"variables": {} "objective": {}}', "put a comma between them")
_add("missing-brace", "parses", "the formulation is whole but for its last brace",
     '{"variables": ..., "objective": ..., "constraints": {}', "close the object")
_add("comment", "parses", "a comment stands in the JSON",
     '{"variables": {} // none yet', "remove it")
_add("single-quotes", "parses", "JSON with single quotes or backticks",
     "{'variables': {}}", 'use "double quotes"')
_add("smart-quotes", "parses", "JSON with typographic quotes",
     "{“variables”: {}}", 'use "double quotes"')
_add("escaped-quotes", "parses", "the quotes of the JSON are escaped, as if it stood inside of a text",
     r'{\"variables\": {}}', "write the JSON itself")
_add("unquoted-key", "parses", "a key of the JSON stands without quotes",
     "{variables: {}}", 'write "variables"')
_add("python-literal", "parses", "None, True or False of Python stands in the JSON",
     '{"lower": None}', "write null, true or false")
_add("number-spelling", "parses", "a number is spelled as JSON does not: +1, .5, 5.",
     '{"lower": .5}', "write 0.5, and no plus")
_add("odd-space", "parses", "a character that only looks like a space stands between the tokens of the JSON",
     "a no-break space after a comma", "write ordinary spaces")
_add("control-character", "parses", "a line break or control character stands in a text of the JSON",
     "a line break inside of an expression", "write it on one line, or \\n")
_add("ellipsis", "parses", "something was left out with three dots",
     '{"constraints": {"oven": "x <= 3", ...}}', "write everything out")
_add("refused", "parses", "the model, or its server, refused to answer; counts as not answered",
     "I'm sorry, but I can't help with that.", "ask again, or ask another model")
_add("filtered", "parses", "a content filter took the answer (finish content-filter); counts as not answered",
     '{"output": "", "finish": "content-filter"}', "ask the provider, or ask another model")
_add("prompt-too-long", "parses", "the prompt did not fit into the model's context; counts as not answered",
     '{"output": "", "finish": "prompt-too-long"}', "shorten the prompt, or ask a model with a longer context")
_add("no-output", "parses", "the file has a row for this answer, but no text; counts as not answered",
     '{"problem_id": "p1", "output": null}', "answer it, and score again")
_add("request-failed", "parses", "the request for this answer failed for good; counts as not answered",
     '{"output": "", "finish": "failed"}', "see the row's error, and ask again")
_add("no-program", "parses", "the text holds no program, in a task that is answered in code",
     "Bake 30 loaves of bread.", "answer with one fenced program", "code")
_add("bad-syntax", "parses", "a JSON object begins, but a character breaks the rules of JSON",
     '{"variables": {"x"}}', "write strict JSON")
_add("not-an-object", "parses", "the JSON value is a list, a text or a number",
     "[1, 2, 3]", "answer with an object")
_add("surrounding-text", "parses", "other text stands around the JSON although the policy says extraction = whole",
     'Here it is: {"variables": ...}', "give the object alone, or use extraction = last-object")
_add("duplicate-key", "parses", "an object says a key twice",
     '{"x": 1, "x": 2}', "say each name once")
_add("not-finite", "parses", "NaN, Infinity or -Infinity stands for a number",
     '{"lower": -Infinity}', "write null for no bound")
_add("number-too-long", "parses", "a number of the JSON has more digits, or a larger power of ten, than max_digits",
     '{"lower": 1e999999999}', "round the number")
_add("too-deep", "parses", "brackets nest deeper than max_nesting",
     "[[[[... 65 deep", "a formulation needs no more than ten levels")
_add("output-too-long", "parses", "the text is longer than max_output_chars",
     "2,000,000 characters", "write a shorter answer; move tables to the problem's data")
_add("lone-surrogate", "parses", "a string holds half of a surrogate pair, which is no character",
     r'{"name": "\ud800"}', "write the character itself")

# Stage 2: schema.
_add("missing-section", "schema", "variables, objective or constraints is missing",
     '{"variables": ..., "objective": ...}', 'add the section; "constraints": {} if there are none')
_add("case-of-word", "schema", "a word of the language with capitals",
     '{"domain": "Integer"}', "write it in lower case")
_add("other-word", "schema", "another word for one of the language's",
     '{"sense": "max"}', "write the word that the message names")
_add("extra-key", "schema", "a key for words about the model, which the language does not have",
     '{"explanation": "..."}', "leave it away")
_add("number-as-text", "schema", "a number in quotes",
     '{"lower": "0"}', "write it without quotes")
_add("infinite-bound", "schema", "a text says that a bound is infinite",
     '{"upper": "inf"}', "write null, or leave the upper bound away")
_add("variables-as-list", "schema", "the variables are a list",
     '{"variables": [{"name": "x", "domain": "integer"}]}', "write a map by name")
_add("constraints-as-list", "schema", "the constraints are a list",
     '{"constraints": ["x <= 4"]}', "write a map by name")
_add("objective-as-text", "schema", "the objective is a sentence",
     '{"objective": "maximize 3*x"}', 'write {"sense": "maximize", "expression": "3*x"}')
_add("constraint-as-map", "schema", "a constraint without 'for' is a map",
     '{"cap": {"expression": "x <= 4"}}', "write its expression as the constraint's text")
_add("unknown-key", "schema", "a key that the language does not have",
     '{"domain": "integer", "lower": 0, "step": 5}', "use the key that the message names")
_add("missing-key", "schema", "a key that is needed is missing",
     '{"domain": "integer"}', 'add it; for a variable "lower": 0, or "lower": null for no bound')
_add("wrong-type", "schema", "a value has the wrong type, such as a list where a map belongs",
     '{"constraints": {"cap": 4}}', "write the type that the message names")
_add("bad-choice", "schema", "a domain or sense that does not exist",
     '{"sense": "max"}', "write minimize, maximize or feasibility; continuous, integer or binary")
_add("bad-name", "schema", "a name is not an identifier, or a constraint's name is empty, too long or has a line break",
     '{"2x": ...}', "use letters, digits and _, no digit first, at most 64 characters")
_add("bad-member", "schema", "a set member is neither a whole number nor a text of 1 to 100 characters",
     '{"T": [1.5, true]}', "write whole numbers or texts")
_add("empty-text", "schema", "an expression or a 'for' is the empty text",
     '{"cap": ""}', "write it, or leave the entry away")
_add("no-variables", "schema", "variables is empty",
     '{"variables": {}}', "declare at least one variable")
_add("unexpected-expression", "schema", "the sense is feasibility, but there is an expression",
     '{"sense": "feasibility", "expression": "x"}', "remove the expression, or write minimize or maximize")

_add("schema-disagreement", "schema", "Pyrite's validator refuses what jsonschema accepts: a defect of Pyrite; unknown",
     "none is known", "report it, with the output")

# Stage 3: names. First what is wrong with an expression, then with names.
_add("empty-expression", "names", "an expression or a 'for' holds only white space",
     '"  "', "write an expression such as 3*x + 2*y")
_add("bad-character", "names", "a character that has no meaning where it stands",
     "x <= 3; y <= 2", "write what the message names, or leave it away")
_add("unicode-operator", "names", "a mathematical sign that this language writes otherwise",
     "x ≤ 3", "write what the message names, such as <=")
_add("full-width", "names", "a full-width digit or sign",
     "２*x <= 3", "write the ordinary one")
_add("html-entity", "names", "an entity of HTML stands for a sign",
     "x &lt;= 3", "write the sign")
_add("latex", "names", "LaTeX in an expression",
     r"2 \cdot x \leq 3", "write 2*x <= 3")
_add("currency", "names", "a currency sign stands in an expression",
     "x <= $120", "write the number alone")
_add("percent", "names", "a percent sign stands in an expression",
     "5%*x <= 3", "write 0.05*x, or declare a parameter")
_add("label", "names", "an expression begins with a name and a colon",
     "oven: x <= 3", "leave it away: a constraint's name is its key")
_add("expression-comment", "names", "a comment stands in an expression",
     "x <= 3  # minutes", "leave it away")
_add("implicit-product", "names", "a number stands before a name or parenthesis without *",
     "2x + 3 <= 7", "write 2*x; leave units away")
_add("thousands-separator", "names", "a number has a comma at its thousands",
     "x <= 1,200", "write 1200")
_add("relation-spelling", "names", "a relation is spelled backwards",
     "x =< 3", "write <= or >=")
_add("caret", "names", "^ is used for a power",
     "x^2 <= 9", "write x**2")
_add("bad-operator", "names", "an operator of another language",
     "x // 3", "write <=, >=, ==, +, -, * or /")
_add("bad-power", "names", "a power other than **2",
     "x**3 <= 8", "keep to **2, or reformulate")
_add("missing-operator", "names", "two values stand side by side",
     "x y <= 7", "write x*y")
_add("missing-operand", "names", "an operator has nothing to its left or right, or the text ends too early",
     "3*x + <= 7", "write both sides of each operator")
_add("unbalanced-parenthesis", "names", "a parenthesis or bracket is not closed, or closes nothing",
     "2*(x + 1 <= 7", "close what is open")
_add("unclosed-quote", "names", "a quote in an index is never closed",
     "x['bread] <= 1", "close it with the same sign")
_add("misplaced-word", "names", "a word of the grammar stands where it has no meaning",
     "x <= 3 for i in I", "write the family with a 'for' of its own; use sum(...) for sums")
_add("unknown-function", "names", "a name is followed by ( although the only function is sum",
     "max(x, y) <= 3", "write name[i] for an index, name*(...) for a product; reformulate max, abs and the like")
_add("strict-inequality", "names", "a constraint uses < or >",
     "x < 3", "write <= or >=; for whole numbers x < 3 is x <= 2")
_add("no-relation", "names", "a constraint has no <=, >= or ==",
     "x + y", "say what the expression is compared with")
_add("unexpected-relation", "names", "an objective holds a relation",
     '{"sense": "maximize", "expression": "z == 3*x"}', "write only the expression")
_add("bad-chain", "names", "more than two relations, or two in different directions, in one constraint",
     "1 <= x >= 0", "write lo <= expression <= hi, or several constraints")
_add("chain-with-variables", "names", "an end of a chain lo <= expression <= hi is not a number",
     "x <= y <= 3", "write two constraints")
_add("bad-index", "names", "what stands in [ ] is not an index",
     "x[1.5] <= 1", "an index is a bound name, a member (quoted if it is no plain word), or arithmetic such as t-1")
_add("bad-sum", "names", "a sum without 'for', with commas between its loops, or with an 'if' in the middle",
     "sum(x) <= 3", "write sum(x[i,j] for i in I for j in J if i != j)")
_add("bad-for", "names", "a loop is not of the form 'name in set'",
     "t in 1..3", "declare the set and write t in T; separate the loops of a constraint by commas")
_add("bad-condition", "names", "what follows 'if' does not compare two indices",
     "t in T if t", "write t > 1; join comparisons by and, or, not")
_add("literal-too-long", "names", "a number in an expression has too many digits or too large a power of ten",
     "1e999999999*x <= 1", "round the number")
_add("expression-too-deep", "names", "parentheses, minus signs and sums nest deeper than max_nesting",
     "((((... 65 deep", "remove parentheses, or split the expression")
_add("expression-too-long", "names", "an expression is longer than max_expression_chars",
     "200,000 characters", "use sum(... for i in S), or several constraints")
_add("reserved-name", "names", "a set, parameter or variable is called like a word of the grammar",
     '{"sum": {"domain": "binary"}}', "choose another name")
_add("duplicate-name", "names", "a name is declared twice, or the problem's data has it for something else",
     "a set x and a variable x", "give each thing its own name")
_add("duplicate-member", "names", 'a set lists a member twice; 1 and "1" count as the same',
     '{"T": [1, 2, 2]}', "list each member once")
_add("conflicting-data", "names", "the formulation restates a set or parameter of the problem's data differently",
     "the data says T is 1..12, the formulation 1..6", "leave it away: the problem's data needs no restating")
_add("undeclared-set", "names", "an index or a loop names a set that does not exist",
     "sum(x[i] for i in J)", "declare the set with its members")
_add("undeclared-name", "names", "an expression uses a name that is not declared",
     "3*x + 2*z <= 7", "declare it as a variable or parameter, or correct its spelling")
_add("set-as-number", "names", "a set is used where a number belongs",
     "x <= T", "sum over the set, or declare a parameter")
_add("wrong-arity", "names", "a name has more or fewer indices than its declaration",
     "make[p] for a variable over P and T", "write one index for each set of the declaration")
_add("wrong-set", "names", "a bound name runs over members none of which is in the set of this index",
     "make[t,p] for a variable over P and T", "check the order of the indices")
_add("unknown-member", "names", "an index or a condition names a member that its set does not have",
     "make[bred,1]", "correct the spelling, or add the member to the set")
_add("unknown-key-member", "names", "the values of a parameter have a key that is no member of the set",
     '{"index": ["P"], "values": {"bred": 3}}', "correct the spelling, or remove the value")
_add("values-shape", "names", "the values of a parameter have more or fewer levels than its index has sets",
     '{"index": ["P"], "values": 3}', "write one level of keys for each set of the index")
_add("shadowed-name", "names", "a loop binds a name that already means something",
     "sum(x for x in T)", "choose another name for the loop")
_add("index-not-a-number", "names", "arithmetic with, or the value of, an index that is not a whole number",
     "p*x, or make[p-1], for p in a set of texts", "use whole-number members, or a parameter over the set")
_add("comparison-type", "names", "a condition compares a text with a whole number, or texts by < or >",
     "p > 1 for p in a set of texts", "compare members of the same set; order only whole numbers")
_add("missing-value", "names", "an expression needs a parameter's value for members that have none",
     "profit[cake] when only bread has a value", "give the value, or leave the case out with a condition")
_add("outside-set", "names", "index arithmetic leaves the set when the loops are written out",
     "stock[t-1] for t in T, at the first t", "exclude the case with a condition such as if t > 1")

# Stage 4: builds.
_add("nonlinear", "builds", "a product of variables in a constraint, or of three in the objective; unknown",
     "x*y <= 3", "reformulate, or set nonlinear in the policy and install pyrite[exact]")
_add("nonconvex", "builds", "a quadratic objective that is not convex (minimize) or concave (maximize); unknown",
     "minimize x*y", "reformulate, or set nonlinear in the policy and install pyrite[exact]")
_add("division-by-variable", "builds", "something is divided by an expression that holds a variable",
     "x / y <= 3", "multiply both sides by it")
_add("division-by-zero", "builds", "something is divided by zero",
     "x / (n - n) <= 3", "correct the divisor")
_add("number-too-large", "builds", "a coefficient, bound or side is larger than max_magnitude",
     "1e20*x <= 1", "change units")
_add("number-too-small", "builds", "a coefficient is smaller than 1 / max_magnitude but not zero",
     "1e-20*x <= 1", "change units, or leave the term away")
_add("empty-program", "builds", "all variables are indexed by empty sets: there is nothing to decide",
     '{"P": []}', "give the set members")
_add("too-many-columns", "builds", "the variables write out to more than max_columns",
     "x over five sets of 100 members", "use fewer indices")
_add("too-many-rows", "builds", "the constraints write out to more than max_rows",
     "for i in I, j in J, k in K over 100 members each", "use fewer loops or a condition")
_add("too-many-terms", "builds", "the sums write out to more than max_terms",
     "a sum over five sets of 100 members", "use fewer loops, or smaller sets")

# Stage 5: feasible.
_add("infeasible", "feasible", "no point satisfies every constraint; the conflict says which exclude each other",
     "x >= 5 with x <= 3", "look at the conflict: one of its constraints is too tight or has the wrong direction")
_add("point-denied", "feasible", "exact arithmetic finds the solver's point in violation of a row; unknown",
     "coefficients of very different size", "change units so that coefficients are of similar size")
_add("both-infeasible", "feasible", "infeasible, and so is the problem: the stage passes",
     "the reference's status is infeasible", "nothing")

# Stage 6: bounded.
_add("unbounded", "bounded", "the objective improves without end along the ray that is shown",
     "maximize x with x >= 0 only", "look for the limit that is missing")
_add("integer-quadratic", "bounded", "whole numbers with a quadratic objective whose relaxation is not whole; unknown",
     "minimize (2*x - 1)**2, x integer", "reformulate, or set nonlinear in the policy and install pyrite[exact]")
_add("both-unbounded", "bounded", "unbounded, and so is the problem: the stage passes",
     "the reference's status is unbounded", "nothing")

# Stage 7: sound.
_add("unsound", "sound", "the optimal plan breaks constraints of the reference",
     "uses 1,240 hours, 823 exist", "look at the constraints that the message lists")
_add("no-correspondence", "sound", "the variables could not be matched with the reference's; unknown",
     "x1 and x2 for bread and cake", "name variables like the problem does")

# Stage 8: value.
_add("other-value", "value", "the optimum differs from the reference's by more than value_tolerance",
     "optimum 118, reference 120", "compare objective and constraints with the problem's text")

_add("other-words", "value", "the optimum is the reference's once the objective is read in its words: passes",
     "maximize minus the cost instead of minimize the cost", "nothing")
_add("no-objective", "value", "the problem asks for the best plan, this formulation for any",
     '{"sense": "feasibility"}', "write the objective that the problem asks for")
_add("should-be-infeasible", "value", "the problem is infeasible, but this formulation has a plan",
     "the reference's status is infeasible", "look for the constraint that is missing")
_add("should-be-unbounded", "value", "the problem is unbounded, but this formulation has an optimum",
     "the reference's status is unbounded", "look for the constraint that is too much")

# Stage 9: equivalent.
_add("data-at-hand", "equivalent", "equivalent on the problem's data, stating numbers that have names there: passes",
     "2*bread + 4*cake <= 40 where the data give hours", "use the data's names, to be right on other data too")
_add("relaxation", "equivalent", "it allows plans that the reference forbids; one is shown",
     "a constraint is missing", "look at the plan that is shown")
_add("restriction", "equivalent", "it forbids plans that the reference allows; one is shown",
     "a constraint is too tight", "look at the plan that is shown")
_add("incomparable", "equivalent", "it allows plans that the reference forbids, and the other way round",
     "<= where >= belongs", "look at the two plans that are shown")
_add("objective-differs", "equivalent", "the same plans are allowed, but they are ranked differently",
     "maximize 3*x + 5*y instead of 3*x + 4*y", "look at the two plans that are shown")
_add("auxiliary", "equivalent", "a variable that only one side has could not be expressed by the other's; unknown",
     "a helper variable with its own constraints", "nothing is known to be wrong")
_add("wasteful", "equivalent", "only plans that waste what the objective chooses tell the two apart; unknown",
     "a makespan that may be later than all ends, whole on one side", "nothing is known to be wrong")
_add("integrality", "equivalent", "a variable is whole on one side, and it was neither proved nor refuted on the other",
     "x integer, x continuous", "nothing is known to be wrong")
_add("names", "equivalent", "the only fit gives a name that both sides share to another variable; unknown",
     "bread's limit on cake, cake's on bread", "check which limits and costs belong to which name")
_add("nothing-paired", "equivalent", "no decision of the output corresponds to one of the reference; unknown",
     "an unrelated formulation", "name variables like the problem does")
_add("left-over", "equivalent", "a variable has no counterpart and its own model does not determine it; unknown",
     "a decision that only one side has", "look at the variables that the correspondence leaves out")
_add("unpaid", "equivalent", "units, signs or shifts that would make both agree are not borne out by the rows; unknown",
     "x in {0, 1} against x in {-1, 0}", "nothing is known to be wrong")
_add("units", "equivalent", "the names alone show a difference that another unit of a variable may repair; unknown",
     "hours here, quarters of an hour there, and other limits", "keep the units of the problem")
_add("order-only", "equivalent", "both objectives rank the plans at hand alike, but are no multiples; unknown",
     "maximize 3*x + 5*y for 3*x + 4*y, where three plans exist", "compare the objective with the problem's text")
_add("merged-differently", "equivalent", "sums that would correspond are sums of different parts; unknown",
     "x1 + x2 with other limits on each", "nothing is known to be wrong")
_add("within-tolerance", "equivalent", "plans differ by less than the policy's row tolerance; unknown",
     "x <= 0.333333333 * y against a third", "write the fraction")
_add("shape", "equivalent", "plans, their order or what named variables can be differ, whatever corresponds to what",
     "24 plans here, 19 in the reference", "check bounds and domains, and that no decision is added or missing")
_add("decision-missing", "equivalent", "a variable that the problem speaks of has no counterpart; unknown",
     "the stock of each month left out", "state the variables that the problem asks for")
_add("quadratic-order", "equivalent", "no pair of plans was found that two quadratic objectives rank apart; unknown",
     "two quadratic objectives", "nothing is known to be wrong")
_add("not-exact", "equivalent", "a plan of the solver does not hold in exact arithmetic; unknown",
     "coefficients of very different size", "nothing is known to be wrong")
_add("not-certified", "equivalent", "a bound of the solver could not be confirmed in exact arithmetic; unknown",
     "a mixed-integer comparison", "nothing is known to be wrong")
_add("no-ray", "equivalent", "something is unbounded, but no usable ray was found; unknown",
     "an unbounded comparison", "nothing is known to be wrong")

# Any stage after the surface.
_add("time-limit", "any", "time_limit (or equivalence_seconds) ran out; unknown",
     "a hard mixed-integer program", "raise the limit in the policy, or write a tighter formulation")
_add("memory-limit", "any", "more than memory_limit was needed; unknown",
     "sums over huge sets", "raise the limit in the policy, or write a smaller formulation")
_add("unproved-infeasible", "any", "a solver says that no plan is possible, and no proof of it was found; unknown",
     "an infeasible integer program that HiGHS settles by cuts", "allow more time, or use smaller numbers")
_add("solver-error", "any", "the solver gave no usable answer; unknown",
     "coefficients beyond floating point", "change units so that coefficients are of similar size")
_add("solver-unknown", "any", "the solver stopped without an answer; unknown",
     "a numerically hard program", "change units so that coefficients are of similar size")
_add("worker-died", "any", "the process that judged the output ended by itself; unknown",
     "memory that the system refused", "report it with the output if it can be repeated")
_add("internal-error", "any", "an error of Pyrite itself; unknown",
     "a defect", "report it with the output")
_add("evidence-lost", "any", "the stage was decided, but its evidence went with the process that was stopped",
     "a later stage ran out of time", "nothing")
_add("earlier-stage", "any", "an earlier stage failed: skipped",
     "names failed, so nothing was solved", "see to the earlier stage")
_add("earlier-unknown", "any", "an earlier stage is unknown, and this one needs it; unknown",
     "the solver ran out of time", "see to the earlier stage")
_add("not-asked", "any", "whoever wrote this verdict did not ask this question: skipped",
     "a verdict of another version", "score the outputs again")
_add("no-reference", "any", "the problem has nothing to compare with: skipped",
     "a problem without optimum", "give the problem an optimum or a reference formulation")
_add("reference-broken", "any", "the problem's own reference formulation does not build; unknown",
     "an undeclared name in the reference", "correct the problem file")
_add("reference-contradiction", "any", "the reference contradicts the optimum or status that the problem states",
     "optimum 120 stated, 118 solved", "correct the problem file")
_add("reference-unsolved", "any", "the problem's own reference formulation was not solved within the limits; unknown",
     "a hard reference", "raise the limits, or state the optimum instead")
# Stages 1 to 3 of a program (the task `code`): parses, runs, declares. Unknown where only the reading falls short.
_add("syntax-error", "parses", "the program is no Python",
     "x = (1", "correct the line that the message names", "code")
_add("python-two", "parses", "the program is Python 2",
     'print "done"', "write Python 3", "code")
_add("notebook", "parses", "the answer is a notebook: JSON of cells",
     '{"cells": [...]}', "give the program itself", "code")
_add("shell-command", "parses", "the program holds a shell or notebook command",
     "!pip install pulp", "leave the line away", "code")
_add("program-too-long", "parses", "the program is longer than 100,000 characters",
     "1,000,000 characters", "move tables to the problem's data, or write a shorter program", "code")
_add("program-too-deep", "parses", "the program nests too deeply to be read",
     "((((... 500 deep", "write a flatter program", "code")
_add("program-error", "runs", "an error of Python or of the solver library ends the program before it solves",
     "x.foo for a variable of gurobipy", "correct the line that the message names", "code")
_add("never-solved", "runs", "the program ends without calling the solver",
     "a function that nobody calls", "call solve() or optimize()", "code")
_add("not-recorded", "runs", "the program uses something of its library that is not recorded; unknown",
     "m.addSOS(...), a callback, m.addGenConstrIndicator(...)", "see docs/code.md for what is recorded", "code")
_add("sandbox-lacks", "runs", "the program uses Python, or a module, that the sandbox does not have; unknown",
     "import pandas as pd; pd.read_csv(...)", "write the data into the program", "code")
_add("outside-world", "runs", "the program asks for a file, the network or another process; unknown",
     'open("data.csv")', "write the data into the program", "code")
_add("recursion-limit", "runs", "the program calls itself too deeply; unknown",
     "def f(n): return f(n + 1)", "end the recursion, or write a loop", "code")
_add("model-too-large", "runs", "the program declares more than 200,000 variables or constraints; unknown",
     "m.addVars(10**9)", "declare a smaller model", "code")
_add("empty-model", "declares", "the solver is called on a model without variables",
     "gurobipy.Model().optimize()", "declare variables", "code")
_add("infinite-number", "declares", "a coefficient of the recorded model is infinite or no number; unknown",
     'float("nan")*x <= 1', "correct the coefficient", "code")

# Plans.
_add("plan-form", "schema", "a plan is not an object of numbers under values, nested as its variables are indexed",
     '{"make": 3}', 'write {"values": {"make": {"bread": 3}}}', "plan")
_add("not-a-number", "schema", "a text, a list or nothing stands where a plan has a number",
     '{"values": {"x": "3"}}', "write the number itself, without quotes or units", "plan")
_add("no-value", "names", "a plan gives no value for a name that is asked",
     "bus 7 is missing under va", "give a value for every variable and member", "plan")
_add("unknown-place", "names", "a plan gives a value for a name that nobody asked for",
     '{"values": {"va": {"99": 0}}}', "give values for the asked names only", "plan")
_add("bound-broken", "bounds", "a value lies outside its bounds",
     "pg[g1] comes to 260 MW, at most 250 is allowed", "stay within the bounds that the problem states", "plan")
_add("not-whole", "integrality", "a value is fractional and has to be whole",
     "make[bread] is 2.5", "give a whole number", "plan")
_add("inequality-broken", "inequalities", "a row that limits from one side, or a line limit, is not kept",
     "shelf comes to 60 pieces, at most 50 are allowed", "check the sum before answering", "plan")
_add("equality-broken", "equalities", "a balance or another equation does not hold",
     "active balance at 5 comes to 3.1 MW, 0 MW is asked", "what goes in has to come out", "plan")
_add("wrong-unit", "equalities", "the plan would keep its rules if its numbers were in other units",
     "powers look like per unit: MW and MVAr are asked", "answer in the units that the problem asks for", "plan")
_add("not-optimal", "optimal", "a plan keeps the rules and costs more (or earns less) than the best one",
     "its objective is 8,400, the best plan has 8,081", "look for a better plan", "plan")

# fmt: on
