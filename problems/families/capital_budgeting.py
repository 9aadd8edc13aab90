"""Capital budgeting: which projects to fund over several years, some of them depending on others."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...feasibility.language.formulation import Variable
from .algebra import Written, codes, flat, identifier, indexed, linear, matrix, vector
from .drawing import Draft, Drawing, Family, all_sizes, finished
from .prose import Voice
from .shape import describe


@dataclass(frozen=True, slots=True)
class _Story:
    who: str
    projects: tuple[str, ...]
    openings: tuple[str, ...]
    unit: str
    """Money is told in this: "", "thousand" or "million"."""
    asides: tuple[str, ...]


_STORIES = (
    _Story("the city council", ("tram line", "school annex", "swimming hall", "bus depot", "river park", "library", "cycle path", "fire station", "market hall", "water works"),
           ("The city council of {town} has [these|the following] projects before it: {projects}", "{projects}: the council of {town} cannot [pay for|afford] all of them"), "million",
           ("[The mayor|{person}] was [elected|re-elected] in {year}",)),
    _Story("the hospital", ("scanner", "new wing", "laboratory", "helipad", "pharmacy robot", "ambulance fleet", "data centre", "rehab pool", "kitchen", "solar roof"),
           ("A hospital weighs [these|the following] investments: {projects}", "{boss}, who runs a hospital in {town}, has {projects} on the list"), "thousand",
           ("The hospital [treats|treated] {some} patients a [day|week]",)),
    _Story("the shipping line", ("ferry", "terminal", "tugboat", "booking system", "dry dock", "crane", "fuel tank", "crew school", "cold store", "barge"),
           ("A shipping line [looks at|studies] {projects} as investments", "The board of a shipping line in {town} [discusses|debates] {projects}"), "million", ("A storm [delayed|damaged] {some} ships in {month}",)),
    _Story("the brewery", ("bottling line", "cellar", "beer garden", "delivery fleet", "hop farm", "brand launch", "taproom", "water plant", "malt house", "web shop"),
           ("A family brewery has [plans|ideas] for {projects}", "{boss} wants to [modernise|extend] the brewery; on the table are {projects}"), "thousand", ("The brewery [dates back to|opened in] {year}",)),
    _Story("the university", ("observatory", "dormitory", "sports hall", "archive", "greenhouse", "language centre", "chip lab", "canteen", "music hall", "wind tunnel"),
           ("The university of {town} [considers|may build] {projects}", "Deans of a university [ask|argue] for {projects}"), "million", ("{some} students [protested|graduated] in {month}",)),
    _Story("the studio", ("puzzle game", "racing game", "sequel", "phone port", "engine rewrite", "sound studio", "film licence", "online service", "museum app", "card game"),
           ("A game studio [picks|chooses] its next projects among {projects}", "What should a studio in {town} [work on|fund]? The ideas are {projects}"), "thousand", ("A fan [club|site] counts {some} members",)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Instance:
    story: _Story
    projects: tuple[str, ...]
    years: tuple[int, ...]
    value: tuple[int, ...]
    cost: tuple[tuple[int, ...], ...]
    budget: tuple[int, ...]
    needs: tuple[int, int] | None = None
    """The first project only together with the second."""
    rivals: tuple[int, int] | None = None
    fixed: tuple[int, ...] = ()
    most: int | None = None


def _instance(drawing: Drawing) -> _Instance:
    numbers = drawing.numbers
    story = numbers.pick(_STORIES)
    count = drawing.one_of(numbers.between(3, 5), numbers.between(6, 9), numbers.between(110, 180))
    span = drawing.one_of(numbers.between(1, 2), numbers.between(2, 4), 2)
    projects = tuple(codes("p", count)) if drawing.size == "large" else tuple(numbers.sample(story.projects, count))
    years = tuple(range(1, span + 1))
    step = numbers.pick((1, 5))
    cost = tuple(tuple(step * numbers.between(1, 12) for _ in years) for _ in projects)
    value = tuple(max(1, sum(line) * numbers.between(6, 30) // 10) for line in cost)
    shares = numbers.between(45, 65)
    budget = tuple(
        max(max(line[t] for line in cost), sum(line[t] for line in cost) * shares // 100) for t in range(span)
    )
    pairs = numbers.sample(range(count), 2)
    needs = (pairs[0], pairs[1]) if numbers.chance(0.5) else None
    made = _Instance(story, projects, years, value, cost, budget, needs)
    if needs is None and numbers.chance(0.6):
        made = replace(made, rivals=(pairs[0], pairs[1]))
    return _changed(drawing, made)


def _changed(drawing: Drawing, made: _Instance) -> _Instance:
    change = drawing.change
    count = len(made.projects)
    i, j = change.sample(range(count), 2)
    if drawing.is_a("infeasible"):
        fixed = tuple(sorted(change.sample(range(count), min(count, 3))))
        asked = sum(made.cost[k][0] for k in fixed)
        return replace(
            made, needs=None, rivals=None, fixed=fixed, budget=(max(1, asked - change.between(1, 3)), *made.budget[1:])
        )
    if drawing.is_a("redundant"):
        return replace(made, most=count)
    if drawing.is_a("sometimes"):
        return replace(made, needs=None, rivals=(i, j))
    if drawing.is_a("twin"):
        kind = change.pick(("value", "budget", "needs")) if drawing.size != "large" else "fixed"
        if kind == "value":
            return replace(
                made, value=tuple(v + change.between(3, 15) if k == i else v for k, v in enumerate(made.value))
            )
        if kind == "budget":
            return replace(made, budget=(max(1, made.budget[0] * change.between(75, 92) // 100), *made.budget[1:]))
        return replace(made, needs=(i, j)) if kind == "needs" else replace(made, fixed=(i,))
    return made


def _money(voice: Voice, made: _Instance, value: int) -> str:
    unit = made.story.unit
    if voice.currency.style == "before":
        spaced = " " if len(voice.currency.symbol) > 1 else ""
        return f"{voice.currency.symbol}{spaced}{voice.digits(value)} {unit}"
    return f"{voice.number(value)} {unit} {voice.currency.plural}"


def _rule_facts(voice: Voice, made: _Instance, names: list[str]) -> dict[str, str]:
    """What ties projects together."""
    facts: dict[str, str] = {}
    if made.needs:
        a, b = made.needs
        facts["needs"] = voice.say(
            "{a} makes sense only [with|together with] {b}", "Without {b} there [can be|is] no {bare}", "[Choosing|Funding] {a} [requires|presupposes] {b}", "{a} [depends on|builds on] {b}",
            a=names[a], b=names[b], bare=made.projects[a],
        )  # fmt: skip
    if made.rivals:
        a, b = made.rivals
        facts["rivals"] = voice.say(
            "[Only|At most] one of {a} and {b} [is possible|can be chosen]", "{a} and {b} [would stand on the same plot|compete], so not both", "[Either|It is either] {a} or {b}, [or neither|if any]",
            a=names[a], b=names[b],
        )  # fmt: skip
    if made.fixed:
        facts["fixed"] = voice.say(
            "[Already decided|Certain]: {f}",
            "{f} [has|have] been promised and must be funded",
            "[Law requires|A contract requires] {f}",
            f=voice.listing([names[k] for k in made.fixed]),
        )
    if made.most:
        facts["most"] = voice.say(
            "[No more than|At most] {n} projects can be [managed|run] at the same time",
            "There are [managers|teams] for {n} projects",
            n=voice.number(made.most),
        )
    return facts


def _tell(drawing: Drawing, voice: Voice, made: _Instance, shape: str) -> str:
    story, large = made.story, drawing.size == "large"
    one_year = len(made.years) == 1
    opening = voice.say(
        *story.openings,
        boss=voice.person,
        town=voice.town,
        projects=f"{len(made.projects)} projects"
        if large
        else voice.listing([f"a {p}" if p[0] not in "aeiou" else f"an {p}" for p in made.projects]),
    )
    the = "" if large else "the "
    facts: dict[str, str] = {}
    if large:
        facts["table"] = shape
        facts["rule"] = voice.say(
            "[Each year's budget is a ceiling|Budgets cannot be carried over]; a project is [funded in full|carried out whole] or not at all",
            "[Every|Each] project [runs|costs something] in every year [once it is chosen|if chosen], and what is left of one year's budget is lost",
        )
    else:
        if one_year:
            facts["budget"] = voice.say(
                "The budget is {b}",
                "{b} [can be spent|are there to spend]",
                "[No more than|At most] {b} [may|can] be [spent|committed]",
                b=_money(voice, made, made.budget[0]),
            )
        else:
            told = voice.listing(
                [
                    f"{_money(voice, made, b)} in year {voice.number(t)}"
                    for t, b in zip(made.years, made.budget, strict=True)
                ]
            )
            facts["budget"] = voice.say(
                "[Budgets|The budgets]: {b}, and [nothing carries over|what is not spent is lost]", "[Available are|One can spend] {b} ([savings|leftovers] cannot be moved)", "{b}: more cannot be spent, [year by year|in either direction]"
                if len(made.years) == 2 else "{b}: more cannot be spent, year by year", b=told,
            )  # fmt: skip
        facts |= _project_facts(voice, made, in_table=drawing.size == "medium")
    facts |= _rule_facts(voice, made, [the + project for project in made.projects])
    question = voice.say(
        "What should {who} fund [to get the most out of it|for the greatest total return]?", "[Which|What] [portfolio|set of projects] has the highest [total|summed] net present value?",
        "[Choose|Select] the projects [with the best|for the highest] total return", "[Advise|Help] {who}: which projects [add up to|bring] the largest [net present value|return] in total?", who=story.who,
    )  # fmt: skip
    asides = voice.distractors(voice.words.below(3), *story.asides)
    return voice.compose(opening, facts, question, asides, last=("table",) if "table" in facts else ())


def _project_facts(voice: Voice, made: _Instance, *, in_table: bool) -> dict[str, str]:
    if in_table:
        lead = voice.say(
            "[Outlays|Costs] by year and [net present value|return], in {m}:",
            "[Sums|All sums] in {m}:",
            "[The|Our] estimates ({m}):",
            m=f"{made.story.unit} {voice.currency.plural}",
        )
        rows = [
            [p, *(voice.digits(c) for c in made.cost[i]), voice.digits(made.value[i])]
            for i, p in enumerate(made.projects)
        ]
        return {
            "table": f"{lead}\n{voice.table(['project', *(f'cost in year {t}' for t in made.years), 'return'], rows)}"
        }
    facts = {}
    for i, project in enumerate(made.projects):
        if len(made.years) == 1:
            cost = _money(voice, made, made.cost[i][0])
        else:
            cost = voice.listing(
                [
                    f"{_money(voice, made, c)} in year {voice.number(t)}"
                    for t, c in zip(made.years, made.cost[i], strict=True)
                ]
            )
        facts[f"project{i}"] = voice.say(
            "The {p} costs {c} and [returns|has a net present value of] {v}", "{p}: {v} [return|net present value] for {c}", "[Spending|With] {c}, the {p} [brings|is worth] {v}",
            "For the {p} one [pays|must find] {c}; [its return is|it returns] {v}", p=project, c=cost, v=_money(voice, made, made.value[i]),
        )  # fmt: skip
    return facts


def _reference(drawing: Drawing, voice: Voice, made: _Instance) -> Draft:
    names = [identifier(project) for project in made.projects]
    rows: dict[str, Written] = {}
    small = drawing.size == "small"
    pick = drawing.words.pick
    p, y = pick((("P", "T"), ("projects", "years"), ("I", "Y"), ("J", "K")))
    value, cost, budget, fund = pick(
        (("value", "cost", "budget", "fund"), ("npv", "outlay", "money", "x"), ("r", "c", "b", "z"))
    )
    term = names if small else [f"{fund}[{name}]" for name in names]
    if small:
        for k, year in enumerate(made.years):
            rows[f"budget{year}" if len(made.years) > 1 else "budget"] = (
                f"{linear([(line[k], n) for line, n in zip(made.cost, names, strict=True)])} <= {made.budget[k]}"
            )
    else:
        rows["spending"] = (f"t in {y}", f"sum({cost}[i,t]*{fund}[i] for i in {p}) <= {budget}[t]")
    if made.needs:
        rows["needs"] = f"{term[made.needs[0]]} <= {term[made.needs[1]]}"
    if made.rivals:
        rows["rivals"] = f"{term[made.rivals[0]]} + {term[made.rivals[1]]} <= 1"
    rows |= {f"fixed_{names[k]}": f"{term[k]} == 1" for k in made.fixed}
    if made.most:
        rows["most"] = (
            f"{linear([(1, name) for name in names]) if small else f'sum({fund}[i] for i in {p})'} <= {made.most}"
        )
    if small:
        return Draft(
            "",
            flat(dict.fromkeys(names, "binary"), "maximize", linear(list(zip(made.value, names, strict=True))), rows),
            units=dict.fromkeys(names, "yes or no"),
        )
    reference, data = indexed(
        drawing, {p: names, y: made.years}, {value: vector(p, names, made.value), cost: matrix(p, y, names, made.years, made.cost), budget: vector(y, made.years, made.budget)},
        {fund: Variable("binary", index=(p,))}, "maximize", f"sum({value}[i]*{fund}[i] for i in {p})", rows,
    )  # fmt: skip
    money = f"{made.story.unit} {voice.currency.plural}"
    meanings = {
        value: f"[net present value of a project in {money}|what a project returns ({money})|{money} of present value, project by project]",
        cost: f"[what a project costs in a year, in {money}|yearly outlay ({money})|{money} a chosen project swallows in that year|spending in {money}]",
        budget: f"[what can be spent in a year, in {money}|the yearly ceiling ({money})|{money} to hand out in each year]",
    }
    shape = describe(voice, data, {p: "the projects", y: "the years"}, meanings) if drawing.size == "large" else ""
    return Draft(shape, reference, data, units={fund: "yes or no", "spending": money})


def _draft(drawing: Drawing) -> Draft:
    made = _instance(drawing)
    voice = Voice.of(drawing)
    draft = _reference(drawing, voice, made)
    text = _tell(drawing, voice, made, draft.text)
    marked = {"redundant": ("most",), "sometimes": ("rivals",)}.get(drawing.variant, ())
    return finished(drawing, draft, text, f"{made.story.unit} {voice.currency.plural}", marked)


FAMILY = Family(
    "capital-budgeting",
    "which projects to fund within yearly budgets",
    _draft,
    all_sizes("infeasible", "redundant", "sometimes", "twin"),
)
