"""Set covering: the cheapest choice that covers everything."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...feasibility.language.formulation import Variable
from .algebra import Written, codes, flat, identifier, indexed, linear, matrix, vector
from .drawing import Draft, Drawing, Family, all_sizes, finished
from .prose import Voice, article
from .shape import describe


@dataclass(frozen=True, slots=True)
class _Story:
    option: tuple[str, str]
    need: tuple[str, str]
    options: tuple[str, ...]
    needs: tuple[str, ...]
    verb: str
    """``covers``, ``reaches``, ...: the option does it to the need."""
    openings: tuple[str, ...]
    asides: tuple[str, ...]


_STORIES = (
    _Story(("fire station", "fire stations"), ("quarter", "quarters"), ("Mill Lane", "Castle Hill", "Quay Street", "Ringway", "Oak Park", "Station Road", "Gas Works", "Abbey Field"),
           ("Old Town", "Harbour", "Eastside", "Vineyards", "Campus", "Brickworks", "Lakeside", "Northgate", "Meadows", "Westend"), "reaches",
           ("Fire stations may be [built|placed] at {options}; the quarters of {town} are {needs}", "[From where|From which sites] can the fire brigade reach all quarters ({needs})? Possible are {options}"), ("The [oldest|first] engine is from {year}",)),
    _Story(("translator", "translators"), ("language", "languages"), ("Rosa", "Emeka", "Jun", "Sabine", "Paolo", "Nadia", "Henrik", "Lucía"),
           ("Arabic", "Finnish", "Swahili", "Hindi", "Korean", "Turkish", "Polish", "Greek", "Thai", "Basque"), "speaks",
           ("A conference in {town} needs {needs}; {options} [are free|could be hired]", "For a court case, interpreters for {needs} [must|have to] be hired among {options}"), ("The [hall|courtroom] seats {some} people",)),
    _Story(("radio mast", "radio masts"), ("valley", "valleys"), ("Eagle Rock", "Fox Hill", "Saddle Peak", "Pine Ridge", "Grey Stone", "High Moor", "Goat Pass", "Beacon Top"),
           ("Upper Vale", "Lower Vale", "Birch Glen", "Salt Creek", "Ash Dale", "Bear Hollow", "Mill Valley", "Deep Cut", "Sheep Run", "Stone Gorge"), "covers",
           ("A network operator may put masts on {options} to reach {needs}", "The valleys {needs} have no signal; masts could stand on {options}"), ("A hiker [lost|found] {some} coins up there in {year}",)),
    _Story(("tool kit", "tool kits"), ("repair", "repairs"), ("red kit", "blue kit", "compact kit", "pro kit", "garden kit", "marine kit", "bike kit", "travel kit"),
           ("leak", "fuse", "puncture", "hinge", "drain", "antenna", "lock", "pump", "valve", "lamp"), "fixes",
           ("{boss} must be ready for {needs} and looks at tool kits: {options}", "Kits on sale are {options}; the caretaker expects to fix {needs}"), ("The shop [opened|burnt down] in {year}",)),
    _Story(("patrol", "patrols"), ("gate", "gates"), ("morning tour", "noon tour", "dusk tour", "river tour", "forest tour", "bike tour", "boat tour", "dog tour"),
           ("north gate", "south gate", "weir", "quarry fence", "orchard wall", "pump house", "car park", "tunnel", "greenhouse", "loading ramp"), "checks",
           ("Security in {town} offers the tours {options}; [to be watched are|someone has to check] {needs}", "{needs}: all of them [are to|must] be checked every night, and the tours on offer are {options}"), ("[Foxes|Boars] were seen {some} times",)),
    _Story(("magazine", "magazines"), ("reader group", "reader groups"), ("Garden Post", "City Pulse", "Sport Now", "Cook Well", "Tech Week", "Film Mag", "Rail Fan", "Yoga Life"),
           ("students", "parents", "pensioners", "nurses", "farmers", "commuters", "teachers", "gamers", "cyclists", "hikers"), "reaches",
           ("An advertiser wants to be seen by {needs} and thinks of {options}", "Adverts can be placed in {options}; [the target groups are|they should reach] {needs}"), ("A [poster|radio spot] would cost {sum}, but is not considered",)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Instance:
    story: _Story
    options: tuple[str, ...]
    needs: tuple[str, ...]
    cost: tuple[int, ...]
    covers: tuple[tuple[int, ...], ...]
    """covers[k][i] is 1 when option i covers need k."""
    unit_cost: bool
    clash: tuple[int, int] | None = None
    twice: int | None = None
    """A need that must be covered by two options."""
    least: int | None = None


def _instance(drawing: Drawing) -> _Instance:
    numbers = drawing.numbers
    story = numbers.pick(_STORIES)
    m, n = drawing.one_of(
        (numbers.between(3, 5), numbers.between(3, 5)),
        (numbers.between(6, 8), numbers.between(7, 10)),
        (numbers.between(30, 45), numbers.between(35, 48)),
    )
    options = tuple(codes("o", m)) if drawing.size == "large" else tuple(numbers.sample(story.options, m))
    needs = tuple(codes("n", n)) if drawing.size == "large" else tuple(numbers.sample(story.needs, n))
    density = drawing.one_of(0.5, 0.35, 0.12)
    grid = [[1 if numbers.chance(density) else 0 for _ in options] for _ in needs]
    for line in grid:
        while sum(line) < 2:
            line[numbers.below(m)] = 1
    for i in range(m):
        if not any(line[i] for line in grid):
            grid[numbers.below(n)][i] = 1
    unit_cost = drawing.size != "large" and numbers.chance(0.3)
    cost = tuple(1 if unit_cost else numbers.between(5, 40) for _ in options)
    return _changed(drawing, _Instance(story, options, needs, cost, tuple(tuple(line) for line in grid), unit_cost))


def _changed(drawing: Drawing, made: _Instance) -> _Instance:
    change = drawing.change
    i, j = change.sample(range(len(made.options)), 2)
    k = change.below(len(made.needs))
    if drawing.is_a("infeasible"):
        if drawing.size == "large" or change.chance(0.5):
            line = made.covers[k]
            return (
                replace(made, covers=(*made.covers[:k], tuple(0 for _ in line), *made.covers[k + 1 :]))
                if drawing.size == "large"
                else replace(made, covers=_only(made, k, i), twice=k)
            )
        pair = tuple(1 if q in (i, j) else 0 for q in range(len(made.options)))
        return replace(made, covers=(*made.covers[:k], pair, *made.covers[k + 1 :]), clash=(i, j), twice=k)
    if drawing.is_a("redundant"):
        return replace(made, least=1)
    if drawing.is_a("sometimes"):
        return replace(made, clash=(i, j))
    if drawing.is_a("twin"):
        if drawing.size == "large" or change.chance(0.5):
            return replace(made, twice=k) if change.chance(0.5) else replace(made, clash=(i, j))
        if not made.unit_cost and change.chance(0.5):
            return replace(made, cost=tuple(c + change.between(2, 9) if q == i else c for q, c in enumerate(made.cost)))
        line = tuple(0 if q == i else v for q, v in enumerate(made.covers[k]))
        return replace(made, covers=(*made.covers[:k], line, *made.covers[k + 1 :]))
    return made


def _only(made: _Instance, k: int, i: int) -> tuple[tuple[int, ...], ...]:
    line = tuple(1 if q == i else 0 for q in range(len(made.options)))
    return (*made.covers[:k], line, *made.covers[k + 1 :])


def _tell(drawing: Drawing, voice: Voice, made: _Instance, shape: str) -> str:
    story, large = made.story, drawing.size == "large"
    options = f"{len(made.options)} {story.option[1]}" if large else voice.listing(made.options)
    needs = f"{len(made.needs)} {story.need[1]}" if large else voice.listing(made.needs)
    openings = story.openings
    if large:
        openings = (
            "{boss} [can choose among|is offered] {options} and has {needs} to think of", "[There are|Count] {options} on the one hand, {needs} on the other",
            "{needs} [have to|must] be [taken care of|looked after], and {options} [are available|can be had]",
        )  # fmt: skip
    opening = voice.say(*openings, boss=voice.person, town=voice.town, options=options, needs=needs)
    facts: dict[str, str] = {
        "all": voice.say(
            "[Every|Each] {n} needs at least one {o}", "No {n} may be left out", "[All|The] {ns} have to be [covered|looked after], [once or more often|by whichever {o}]", "[Nothing|No {n}] is [done|covered] unless one of the chosen {os} {v} it",
            n=story.need[0], ns=story.need[1], o=story.option[0], os=story.option[1], v=story.verb,
        )
    }  # fmt: skip
    if large:
        facts["table"] = shape
    elif drawing.size == "medium":
        facts |= _table(voice, made)
    else:
        facts |= _cover_facts(voice, made)
    if made.clash:
        facts["clash"] = voice.say(
            "{a} and {b} [cannot be combined|exclude each other]",
            "[Not both|Never both]: {a} and {b}",
            "[If|Where] {a} is chosen, {b} is not [possible|allowed]",
            a=made.options[made.clash[0]],
            b=made.options[made.clash[1]],
        )
    if made.twice is not None:
        facts["twice"] = voice.say(
            "{n} is [important|critical] and needs [two different|at least two] {os}",
            "For {n}, one {o} is not enough: it takes {two}",
            n=made.needs[made.twice],
            os=story.option[1],
            o=story.option[0],
            two=voice.number(2),
        )
    if made.least is not None:
        facts["least"] = voice.say(
            "[Of course|Clearly], [at least|no fewer than] {one} {o} has to be [chosen|taken]",
            "Doing without any {o} is not [an option|allowed]",
            one=voice.number(1),
            o=story.option[0],
        )
    goal = (
        "[as few {os} as possible|the smallest number of {os}]"
        if made.unit_cost
        else "[the lowest|the least] [total|] cost"
    )
    question = voice.say(
        f"[Which|What] {{os}} should be [chosen|taken] to get by with {goal}?", f"[Cover|Serve] everything with {goal}", f"[Find|Name] the [choice|selection] with {goal} that [leaves nobody out|does the job]",
        f"[We|They] want {goal}; [which|what] [selection|choice] [is it|achieves that]?", os=story.option[1],
    )  # fmt: skip
    asides = voice.distractors(voice.words.below(3), *story.asides)
    return voice.compose(opening, facts, question, asides, last=("table",) if "table" in facts else ())


def _cover_facts(voice: Voice, made: _Instance) -> dict[str, str]:
    story = made.story
    facts = {}
    if voice.words.chance(0.5):
        for i, option in enumerate(made.options):
            told = voice.listing([need for k, need in enumerate(made.needs) if made.covers[k][i]])
            price = (
                ""
                if made.unit_cost
                else voice.phrase(" [and costs {p}|for {p}|at a price of {p}]", " ({p})", p=voice.money(made.cost[i]))
            )
            facts[f"option{i}"] = voice.say(
                f"{{o}} {story.verb} {{t}}{{p}}",
                "{o}{p}: {t}",
                "[Choosing|Taking] {o}{p} [takes care of|means] {t}",
                o=option,
                t=told or "none of these",
                p=price,
            )
    else:
        for k, need in enumerate(made.needs):
            told = voice.listing([option for i, option in enumerate(made.options) if made.covers[k][i]], "or")
            facts[f"need{k}"] = voice.say(
                "{n} [can be covered|is possible] with {t}",
                "For {n} [one needs|it takes] {t}",
                "{n}: {t}",
                "Only {t} [will do|helps] for {n}",
                n=need,
                t=told or "nobody",
            )
        if not made.unit_cost:
            prices = voice.listing([f"{voice.money(c)} for {o}" for c, o in zip(made.cost, made.options, strict=True)])
            facts["cost"] = voice.say("[Prices|Costs]: {p}", "[One pays|The price is] {p}", "It costs {p}", p=prices)
    if made.unit_cost:
        facts["price"] = voice.say(
            "All {os} cost the same",
            "[Price|Cost] plays no role, [only the number counts|the number does]",
            os=made.story.option[1],
        )
    return facts


def _table(voice: Voice, made: _Instance) -> dict[str, str]:
    yes, no = voice.words.pick((("yes", "no"), ("x", "-"), ("1", "0")))
    heads = [made.story.option[0], *made.needs] + ([] if made.unit_cost else [f"cost ({voice.currency.plural})"])
    rows = [
        [option, *(yes if made.covers[k][i] else no for k in range(len(made.needs)))]
        + ([] if made.unit_cost else [voice.digits(made.cost[i])])
        for i, option in enumerate(made.options)
    ]
    lead = voice.say(
        "[Who|What] [covers|does] what ({y} means it does):",
        "In the [table|list], {y} stands for: {o} {v} it:",
        y=f'"{yes}"',
        o=article(made.story.option[0]),
        v=made.story.verb,
    )
    facts = {"table": f"{lead}\n{voice.table(heads, rows)}"}
    if made.unit_cost:
        facts["price"] = voice.say("All {os} cost the same", "Only the number of {os} counts", os=made.story.option[1])
    return facts


def _reference(drawing: Drawing, voice: Voice, made: _Instance) -> Draft:
    options, needs = [identifier(o) for o in made.options], [identifier(n) for n in made.needs]
    rows: dict[str, Written] = {}
    required = [2 if k == made.twice else 1 for k in range(len(needs))]
    if drawing.size == "small":
        for k, need in enumerate(needs):
            rows[need] = f"{linear([(made.covers[k][i], o) for i, o in enumerate(options)])} >= {required[k]}"
        if made.clash:
            rows["clash"] = f"{options[made.clash[0]]} + {options[made.clash[1]]} <= 1"
        if made.least is not None:
            rows["least"] = f"{linear([(1, o) for o in options])} >= {made.least}"
        return Draft(
            "",
            flat(
                dict.fromkeys(options, "binary"), "minimize", linear(list(zip(made.cost, options, strict=True))), rows
            ),
            units=dict.fromkeys(options, "yes or no"),
        )
    pick = drawing.words.pick
    o, n = pick(
        (
            ("O", "N"),
            ("options", "needs"),
            ("J", "I"),
            (made.story.option[1].replace(" ", "_"), made.story.need[1].replace(" ", "_")),
        )
    )
    cost, covers, take = pick((("cost", "covers", "take"), ("c", "a", "x"), ("price", "helps", "choose")))
    rows["covered"] = (f"k in {n}", f"sum({covers}[k,i]*{take}[i] for i in {o}) >= 1")
    if made.twice is not None:
        rows["twice"] = f"sum({covers}[{needs[made.twice]},i]*{take}[i] for i in {o}) >= 2"
    if made.clash:
        rows["clash"] = f"{take}[{options[made.clash[0]]}] + {take}[{options[made.clash[1]]}] <= 1"
    if made.least is not None:
        rows["least"] = f"sum({take}[i] for i in {o}) >= {made.least}"
    reference, data = indexed(
        drawing, {o: options, n: needs}, {cost: vector(o, options, made.cost), covers: matrix(n, o, needs, options, made.covers)},
        {take: Variable("binary", index=(o,))}, "minimize", f"sum({cost}[i]*{take}[i] for i in {o})", rows,
    )  # fmt: skip
    meanings = {
        cost: f"cost in {voice.currency.plural} of one of the {made.story.option[1]}",
        covers: f"1 when one of the {made.story.option[1]} {made.story.verb} one of the {made.story.need[1]}, else 0",
    }
    if drawing.size != "large":
        return Draft("", reference, data, units={take: "yes or no"})
    return Draft(
        describe(voice, data, {o: f"the {made.story.option[1]}", n: f"the {made.story.need[1]}"}, meanings),
        reference,
        data,
        units={take: "yes or no"},
    )


def _draft(drawing: Drawing) -> Draft:
    made = _instance(drawing)
    voice = Voice.of(drawing)
    draft = _reference(drawing, voice, made)
    text = _tell(drawing, voice, made, draft.text)
    marked = {"redundant": ("least",), "sometimes": ("clash",)}.get(drawing.variant, ())
    return finished(drawing, draft, text, made.story.option[1] if made.unit_cost else voice.currency.plural, marked)


FAMILY = Family(
    "set-covering",
    "the cheapest choice that covers everything",
    _draft,
    all_sizes("infeasible", "redundant", "sometimes", "twin"),
)
