"""Goal programming: goals that cannot all be met, each missed as little as its weight says (Charnes and Cooper 1961).

Every goal has a shortfall and an excess; a goal may mind one of them or both. Hard limits stay hard.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...feasibility.language.formulation import Domain, Variable
from .algebra import Written, codes, flat, identifier, indexed, linear, matrix, scalar, vector
from .drawing import Draft, Drawing, Family, finished
from .prose import Voice, article
from .shape import describe


@dataclass(frozen=True, slots=True)
class _Story:
    place: str
    doings: tuple[str, ...]
    goals: tuple[tuple[str, str, str], ...]
    """What is aimed at, its unit, and whether more or less of it is better."""
    hard: tuple[str, str]
    domain: Domain
    asides: tuple[str, ...]


_STORIES = (
    _Story("town council", ("playgrounds", "bus shelters", "cycle racks", "tree rows", "benches", "fountains"),
           (("residents served", "residents", "more"), ("jobs", "jobs", "more"), ("spending", "thousand", "less"), ("noise", "points", "less"), ("upkeep", "hours", "less")),
           ("building days", "days"), "integer", ("The [mayor|council] [was elected|met first] in {year}",)),
    _Story("forest district", ("hectares of beech", "hectares of spruce", "hectares of meadow", "hectares of pond", "hectares of oak", "hectares of heath"),
           (("timber", "cubic metres", "more"), ("visitors", "visitors", "more"), ("income", "thousand", "more"), ("runoff", "litres", "less"), ("grazing", "animals", "more")),
           ("planting days", "days"), "continuous", ("A [storm|fire] in {year} took {some} trees",)),
    _Story("radio station", ("music hours", "news hours", "talk hours", "sports hours", "drama hours", "quiz hours"),
           (("listeners", "listeners", "more"), ("advertising income", "hundred", "more"), ("royalties", "hundred", "less"), ("complaints", "letters", "less"), ("culture", "points", "more")),
           ("studio hours", "hours"), "continuous", ("The [antenna|studio] [was moved|burned down] in {year}",)),
    _Story("farm", ("hectares of rye", "hectares of clover", "hectares of beets", "hectares of hemp", "hectares of oats", "hectares of flax"),
           (("profit", "hundred", "more"), ("nitrogen", "kilograms", "less"), ("labour", "hours", "less"), ("fodder", "tonnes", "more"), ("water use", "cubic metres", "less")),
           ("tractor hours", "hours"), "continuous", ("The [neighbour|cooperative] has {some} [sheep|hives]",)),
    _Story("workshop", ("lamps", "mirrors", "clocks", "frames", "bowls", "vases"),
           (("profit", "euros", "more"), ("overtime", "hours", "less"), ("scrap", "kilograms", "less"), ("new customers", "customers", "more"), ("energy use", "kilowatt hours", "less")),
           ("glass", "kilograms"), "integer", ("{some} [people|tourists] [looked in|came by] in {month}",)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Instance:
    story: _Story
    doings: tuple[str, ...]
    goals: tuple[tuple[str, str, str], ...]
    adds: tuple[tuple[int, ...], ...]
    """adds[g][d]."""
    target: tuple[int, ...]
    under: tuple[int, ...]
    over: tuple[int, ...]
    """Weight of each unit missing or too much; 0 where it does not matter."""
    hard: tuple[int, ...]
    limit: int
    floor: int | None = None
    """The least of the first doing."""


def _instance(drawing: Drawing) -> _Instance:
    numbers = drawing.numbers
    story = numbers.pick(_STORIES)
    count = drawing.one_of(2, numbers.between(3, 5), numbers.between(35, 50))
    aims = drawing.one_of(2, numbers.between(3, 4), numbers.between(16, 24))
    large = drawing.size == "large"
    doings = tuple(codes("d", count)) if large else tuple(numbers.sample(story.doings, count))
    goals = (
        tuple((name, "units", numbers.pick(("more", "less"))) for name in codes("g", aims))
        if large
        else tuple(numbers.sample(story.goals, aims))
    )
    adds = tuple(tuple(numbers.between(1, 15) for _ in doings) for _ in goals)
    plan = [numbers.between(2, 14) for _ in doings]
    # Targets above what the plan gives where more is better, below it where less is: they pull against each other.
    target = tuple(
        sum(a * p for a, p in zip(row, plan, strict=True))
        * (numbers.between(11, 15) if side == "more" else numbers.between(4, 8)) // 10
        for row, (_, _, side) in zip(adds, goals, strict=True)
    )  # fmt: skip
    both = [numbers.chance(0.3) for _ in goals]
    under = tuple(
        numbers.between(1, 6) if side == "more" or b else 0 for (_, _, side), b in zip(goals, both, strict=True)
    )
    over = tuple(
        numbers.between(1, 6) if side == "less" or b else 0 for (_, _, side), b in zip(goals, both, strict=True)
    )
    if not any(under):  # doing nothing would be perfect
        under = (numbers.between(1, 6), *under[1:])
    hard = tuple(numbers.between(1, 8) for _ in doings)
    limit = sum(h * p for h, p in zip(hard, plan, strict=True)) * numbers.between(6, 10) // 10
    # The limit keeps the first goal that minds a shortfall out of reach, so that something is always missed.
    k = next(k for k, weight in enumerate(under) if weight)
    out_of_reach = min(target[k] * h // a for h, a in zip(hard, adds[k], strict=True))
    limit = min(limit, out_of_reach * numbers.between(6, 9) // 10)
    made = _Instance(story, doings, goals, adds, target, under, over, hard, max(1, limit))
    return made if drawing.is_a("plain") else _changed(drawing, made)


def _changed(drawing: Drawing, made: _Instance) -> _Instance:
    change = drawing.change
    g = change.below(len(made.goals))
    reach = made.limit // made.hard[0]
    if drawing.is_a("infeasible"):
        return replace(made, floor=reach + change.between(1, 5))
    if drawing.is_a("redundant", "sometimes"):
        # A ceiling on the first doing, stored as a negative floor.
        share = change.between(100, 140) if drawing.is_a("redundant") else change.between(40, 95)
        return replace(made, floor=-max(1, -(-(reach + 1) * share // 100)))
    if change.chance(0.5):
        moved = tuple(max(1, t * change.between(75, 90) // 100) if k == g else t for k, t in enumerate(made.target))
        return replace(made, target=moved)
    weight = change.between(1, 4)
    return replace(
        made,
        under=tuple(w + weight if k == g and w else w for k, w in enumerate(made.under)),
        over=tuple(w + weight if k == g and w else w for k, w in enumerate(made.over)),
    )


def _draft(drawing: Drawing) -> Draft:
    made = _instance(drawing)
    voice = Voice.of(drawing)
    draft = _flat(made) if drawing.size == "small" else _indexed(drawing, voice, made)
    text = _tell(drawing, voice, made, draft.text)
    marked = ("ceiling",) if drawing.is_a("redundant", "sometimes") else ()
    return finished(drawing, draft, text, "points", marked)


def _bound(made: _Instance, name: str) -> dict[str, Written]:
    if made.floor is None:
        return {}
    return {"floor": f"{name} >= {made.floor}"} if made.floor >= 0 else {"ceiling": f"{name} <= {-made.floor}"}


def _flat(made: _Instance) -> Draft:
    names = [identifier(doing) for doing in made.doings]
    goals = [identifier(goal) for goal, _, _ in made.goals]
    variables: dict[str, Domain | Variable] = dict.fromkeys(names, made.story.domain)
    rows: dict[str, Written] = {}
    terms = []
    for g, goal in enumerate(goals):
        variables |= {f"{goal}_short": "continuous", f"{goal}_over": "continuous"}
        done = linear(list(zip(made.adds[g], names, strict=True)))
        rows[goal] = f"{done} + {goal}_short - {goal}_over == {made.target[g]}"
        terms += [(made.under[g], f"{goal}_short"), (made.over[g], f"{goal}_over")]
    rows["limit"] = f"{linear(list(zip(made.hard, names, strict=True)))} <= {made.limit}"
    rows |= _bound(made, names[0])
    units = {**dict(zip(names, made.doings, strict=True)), "limit": made.story.hard[1]}
    return Draft("", flat(variables, "minimize", linear(terms), rows), units=units)


def _indexed(drawing: Drawing, voice: Voice, made: _Instance) -> Draft:
    words = drawing.words
    doings, goals = [identifier(doing) for doing in made.doings], [identifier(goal) for goal, _, _ in made.goals]
    d, g = words.pick((("D", "G"), ("projects", "goals"), ("X", "aims"), ("J", "I")))
    adds, target, under, over, uses, do, short, excess = words.pick(
        (("adds", "target", "under", "over", "uses", "do", "short", "excess"), ("a", "b", "wm", "wp", "r", "x", "minus", "plus"),
         ("effect", "aim", "weight_short", "weight_over", "need", "level", "missing", "surplus"))
    )  # fmt: skip
    parameters = {
        adds: matrix(g, d, goals, doings, made.adds),
        target: vector(g, goals, made.target),
        under: vector(g, goals, made.under),
        over: vector(g, goals, made.over),
        uses: vector(d, doings, made.hard),
    }
    limit = str(made.limit)
    if drawing.size == "large":
        parameters["limit"] = scalar(made.limit)
        limit = "limit"
    rows: dict[str, Written] = {
        "goal": (f"k in {g}", f"sum({adds}[k,i]*{do}[i] for i in {d}) + {short}[k] - {excess}[k] == {target}[k]"),
        "hard": f"sum({uses}[i]*{do}[i] for i in {d}) <= {limit}",
        **_bound(made, f"{do}[{doings[0]}]"),
    }
    domain: Domain = made.story.domain if drawing.size == "medium" else "continuous"
    variables = {
        do: Variable(domain, 0, index=(d,)),
        short: Variable("continuous", 0, index=(g,)),
        excess: Variable("continuous", 0, index=(g,)),
    }
    reference, data = indexed(
        drawing, {d: doings, g: goals}, parameters, variables, "minimize",
        f"sum({under}[k]*{short}[k] + {over}[k]*{excess}[k] for k in {g})", rows,
    )  # fmt: skip
    shape = ""
    if drawing.size == "large":
        meanings = {
            adds: "[what one unit of an activity adds to a goal|contribution to a goal from each unit of an activity|how far a unit of an activity moves a goal]",
            target: "[the level a goal aims at|target of a goal|where a goal should end up]",
            under: "[penalty points for each unit below the target (0 where that does not matter)|weight of each unit missing, 0 if falling short is fine|points per unit of shortfall, possibly none]",
            over: "[penalty points for each unit above the target (0 where that does not matter)|weight of each unit too many, 0 if excess is welcome|points per unit of excess, possibly none]",
            uses: f"[{made.story.hard[0]} for one unit of an activity|how much of the {made.story.hard[0]} a unit of an activity takes|{made.story.hard[0]} used by each unit]",
            "limit": f"[the {made.story.hard[0]} that cannot be exceeded|all the {made.story.hard[0]} there are|upper limit on {made.story.hard[0]}]",
        }
        shape = describe(voice, data, {d: "the activities", g: "the goals"}, meanings)
    return Draft(shape, reference, data, units={do: "units"})


def _tell(drawing: Drawing, voice: Voice, made: _Instance, shape: str) -> str:
    place, hard, unit = made.story.place, *made.story.hard
    what = voice.listing(made.doings) if drawing.size != "large" else f"{voice.number(len(made.doings))} activities"
    aims = (
        voice.listing([name for name, _, _ in made.goals])
        if drawing.size != "large"
        else f"{voice.number(len(made.goals))} goals"
    )
    opening = voice.say(
        "{a_place} in {town} [has|pursues] several aims [at once|] and [cannot|will hardly] reach them all: {aims}",
        "{person} [must|has to] [weigh|balance] {aims} for {a_place}", "[How many|How much] {what}? The {place} of {town} [argues|has long argued] about it".replace("[How many|How much] {what}?", "{what}: how much of each?"),
        "[At|In] the {place}, {what} are [to be decided|on the agenda], [and|while] everybody wants something else",
        "The {place} [plans|is planning] {what}, [with an eye on|keeping in mind] {aims}",
        a_place=article(place), place=place, town=voice.town, person=voice.person, what=what, aims=aims,
    )  # fmt: skip
    facts: dict[str, str] = {}
    if drawing.size == "large":
        facts["rule"] = voice.say(
            "A goal may be [missed|left unmet], but every unit [short of|below] or above its target [costs|counts] penalty points as the data say",
            "Targets are [wishes|soft], not limits: shortfall and excess are [paid for in|charged with] points",
        )
        facts["table"] = shape
    else:
        facts |= _goals(voice, made)
        facts |= _effects(drawing, voice, made)
        each = [f"{voice.number(h)} for each of the {doing}" for h, doing in zip(made.hard, made.doings, strict=True)]
        facts["hard"] = voice.say(
            "{hard} [are|is] a hard limit: {limit}; [one needs|it takes] {each}", "[There is no way|It is impossible] to use more than {limit} of {hard} ({each})",
            "[Of|As for] {hard}, {each} [go|are used], and {limit} is all there is",
            hard=hard, limit=voice.count(made.limit, unit.removesuffix("s"), unit), each=voice.listing(each),
        )  # fmt: skip
    if made.floor is not None:
        facts["floor"] = voice.say(
            "[At least|No fewer than] {n} {doing} [are promised|must be]" if made.floor >= 0 else "[At most|No more than] {n} {doing} [are allowed|may be had]",
            "{doing}: {n} [as a minimum|or more]" if made.floor >= 0 else "{doing}: {n} [at most|and no more]",
            n=voice.number(abs(made.floor)), doing=made.doings[0],
        )  # fmt: skip
    question = voice.say(
        "[What|Which plan] [has|collects] the [fewest|smallest number of] penalty points?".replace(
            "[What|Which plan]", "Which plan"
        ),
        "[Find|Choose] the plan with the [least|smallest] total penalty",
        "[Miss|Come short of] the goals as little as possible, counted in points".replace(
            "[Miss|Come short of]", "Miss"
        ),
        "How should [things|it all] be planned so that the weighted misses are smallest?",
    )
    asides = voice.distractors(voice.words.below(3), *made.story.asides)
    return voice.compose(opening, facts, question, asides, last=("table",) if "table" in facts else ())


def _goals(voice: Voice, made: _Instance) -> dict[str, str]:
    facts = {}
    for g, (goal, unit, _) in enumerate(made.goals):
        target, under, over = voice.digits(made.target[g]), made.under[g], made.over[g]
        one = unit.removesuffix("s") if unit.endswith("s") else unit
        points = [voice.count(weight, "penalty point") for weight in (under, over)]
        if under and over:
            miss = voice.phrase(
                "each {one} missing [costs|counts] {u}, each one too many {o}", "{u} for every {one} below that, {o} for every one above",
                one=one, u=points[0], o=points[1],
            )  # fmt: skip
        elif under:
            miss = voice.phrase(
                "[more|a higher figure] is welcome, but each {one} less [costs|counts] {u}", "only falling short [matters|hurts]: {u} for each {one}", one=one, u=points[0]
            )  # fmt: skip
        else:
            miss = voice.phrase(
                "[less|a lower figure] is welcome, but each {one} more [costs|counts] {o}", "only going over [matters|hurts]: {o} for each {one}", one=one, o=points[1]
            )  # fmt: skip
        facts[f"goal{g}"] = voice.say(
            "{goal} should [come to|be] {target} {unit}; {miss}", "[For|On] {goal}, the [target|aim] is {target} {unit}; {miss}", "{target} {unit} is the goal for {goal}: {miss}",
            goal=goal, target=target, unit=unit, miss=miss,
        )  # fmt: skip
    return facts


def _effects(drawing: Drawing, voice: Voice, made: _Instance) -> dict[str, str]:
    if drawing.size == "medium":
        heads = ["one of", *(f"{goal} ({unit})" for goal, unit, _ in made.goals)]
        rows = [
            [doing, *(voice.digits(made.adds[g][d]) for g in range(len(made.goals)))]
            for d, doing in enumerate(made.doings)
        ]
        lead = voice.say(
            "What each adds to the goals:",
            "[Effects|Contributions], one by one:",
            "[This is how|So much] each counts towards the goals:".replace("[This is how|So much]", "So much"),
        )
        return {"table": f"{lead}\n{voice.table(heads, rows)}"}
    facts = {}
    for d, doing in enumerate(made.doings):
        parts = []
        for g, (goal, unit, _) in enumerate(made.goals):
            amount = voice.count(made.adds[g][d], unit.removesuffix("s"), unit)
            parts.append(amount if goal == unit else f"{amount} of {goal}")
        facts[f"effect{d}"] = voice.say(
            "Each of the {doing} [adds|brings] {parts}", "{parts} [come|result] from one of the {doing}", "One of the {doing} [means|gives] {parts}",
            doing=doing, parts=voice.listing(parts),
        )  # fmt: skip
    return facts


FAMILY = Family(
    "goal-programming",
    "goals that cannot all be met, missed as little as their weights say",
    _draft,
    {
        "small": ("plain", "infeasible", "redundant", "sometimes", "twin"),
        "medium": ("plain", "infeasible", "redundant", "sometimes", "twin"),
        "large": ("plain", "infeasible"),
    },
)
