"""Blending and diet: the cheapest mixture that meets its requirements."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...feasibility.language.formulation import Variable
from ...feasibility.rationals import Exact, divide
from .algebra import Written, codes, flat, identifier, indexed, linear, matrix, vector
from .drawing import Draft, Drawing, Family, all_sizes, finished
from .prose import Voice
from .shape import describe


@dataclass(frozen=True, slots=True)
class _Story:
    sources: tuple[str, ...]
    measures: tuple[tuple[str, str, str], ...]
    """What the mixture must hold at least: name, unit singular and plural."""
    unit: tuple[str, str]
    """What the sources are bought in."""
    openings: tuple[str, ...]
    product: str
    asides: tuple[str, ...]


_STORIES = (
    _Story(("oats", "lentils", "milk", "spinach", "peanuts", "tofu", "rice", "bananas", "eggs", "cheese"),
           (("protein", "gram", "grams"), ("iron", "milligram", "milligrams"), ("fibre", "gram", "grams"),
            ("calcium", "milligram", "milligrams"), ("energy", "kilojoule", "kilojoules")), ("portion", "portions"),
           ("{person} [plans|is working out] the meals of a [hostel|youth camp] in {town} [from|using] {sources}",
            "[A student|A runner] [lives on|will eat only] {sources} for a while and [counts every coin|wants to spend little]",
            "The canteen cook in {town} [has|can buy] {sources}; portions [may be split|need not be whole]"), "daily menu",
           ("[Breakfast|Tea] is [served|ready] at {some} tables", "The [stove|kitchen] was [renewed|replaced] in {year}")),
    _Story(("barley", "maize", "soy meal", "hay", "wheat bran", "fish meal", "clover", "molasses", "rapeseed", "beet pulp"),
           (("protein", "gram", "grams"), ("fat", "gram", "grams"), ("phosphorus", "gram", "grams"), ("lysine", "gram", "grams"),
            ("starch", "gram", "grams")), ("kilogram", "kilograms"),
           ("A [farmer|breeder] near {town} mixes feed [for the herd|for her cattle] [out of|from] {sources}",
            "{person} keeps [pigs|goats|cattle] and buys {sources} to feed them",
            "Feed [is mixed|gets blended] [from|out of] {sources} on a farm [outside|near] {town}"), "ration",
           ("The herd has [grown|shrunk] by {some} animals since {year}", "The [barn|silo] roof was repaired in {month}")),
    _Story(("ammonium salt", "potash", "bone meal", "urea", "compost", "rock phosphate", "guano", "lime", "wood ash", "seaweed"),
           (("nitrogen", "gram", "grams"), ("phosphate", "gram", "grams"), ("potassium", "gram", "grams"), ("magnesium", "gram", "grams"),
            ("sulphur", "gram", "grams")), ("kilogram", "kilograms"),
           ("A fertiliser [for vineyards|for tomatoes] is [prepared|mixed] from {sources}",
            "The garden cooperative of {town} [makes its own fertiliser|mixes fertiliser] [with|from] {sources}",
            "{person} [wants to|must] enrich a field using {sources}"), "mixture",
           ("It [rained|froze] on {some} days [last year|in {year}]",)),
    _Story(("naphtha", "reformate", "butane", "alkylate", "ethanol", "isomerate", "raffinate", "pyrolysis gasoline", "toluene", "pentane"),
           (("octane", "point", "points"), ("volatility", "point", "points"), ("energy", "megajoule", "megajoules"),
            ("oxygenate", "unit", "units"), ("stability", "point", "points")), ("barrel", "barrels"),
           ("The refinery [at|in] {town} [blends|makes] a fuel [from|out of] {sources}",
            "[For a|A] new fuel, {person} [can draw on|may use] {sources}", "Fuel is [blended|mixed] from {sources}"), "blend",
           ("The [refinery|plant] [employs|has] {some} people", "Crude [prices|imports] [peaked|fell] in {month} {year}")),
    _Story(("scrap A", "scrap B", "pig iron", "ferrochrome", "nickel shot", "ferromanganese", "copper wire", "silicon alloy", "turnings", "rail steel"),
           (("chromium", "kilogram", "kilograms"), ("nickel", "kilogram", "kilograms"), ("manganese", "kilogram", "kilograms"),
            ("silicon", "kilogram", "kilograms"), ("copper", "kilogram", "kilograms")), ("tonne", "tonnes"),
           ("A [foundry|steel mill] in {town} charges its furnace with {sources}",
            "For the next melt, the [foundry|steelworks] of {person} [has|can order] {sources}",
            "[The furnace|A furnace in {town}] [takes|is fed with] {sources}"), "melt",
           ("The furnace was [lined anew|rebuilt] in {month}", "[A museum|A school class] visited with {some} [people|guests]")),
    _Story(("orange juice", "mango pulp", "apple juice", "carrot juice", "grape juice", "guava pulp", "lemon juice", "cranberry juice", "pear juice", "kale juice"),
           (("vitamin C", "milligram", "milligrams"), ("fruit sugar", "gram", "grams"), ("potassium", "milligram", "milligrams"),
            ("pectin", "gram", "grams"), ("carotene", "milligram", "milligrams")), ("litre", "litres"),
           ("A [smoothie|drink] is to be [mixed|made] from {sources}",
            "{person} [sells juices|owns a juice bar] in {town} and [works on|is creating] a drink [from|out of] {sources}",
            "The new drink of a [bottler|juice maker] in {town} [will contain|is blended from] {sources}"), "batch",
           ("The [label|bottle] [was designed|won a prize] in {year}", "[Tasting|A tasting] took place with {some} [guests|children]")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Instance:
    story: _Story
    sources: tuple[str, ...]
    measures: tuple[tuple[str, str, str], ...]
    cost: tuple[Exact, ...]
    content: tuple[tuple[int, ...], ...]
    """content[i][m]: of measure m in one unit of source i."""
    need: tuple[int, ...]
    most: dict[int, int]
    batch: int | None
    """The exact size of the mixture, when one is asked for."""
    least: int | None = None
    pair: tuple[int, int, int] | None = None
    """Two sources and the most of both together."""


def _instance(drawing: Drawing) -> _Instance:
    numbers = drawing.numbers
    story = numbers.pick(_STORIES)
    count = drawing.one_of(numbers.between(2, 4), numbers.between(5, 8), numbers.between(70, 110))
    kinds = drawing.one_of(numbers.between(2, 3), numbers.between(3, 5), numbers.between(10, 16))
    if drawing.size == "large":
        sources, measures = tuple(codes("s", count)), tuple((name, "unit", "units") for name in codes("q", kinds))
    else:
        sources, measures = tuple(numbers.sample(story.sources, count)), tuple(numbers.sample(story.measures, kinds))
    content = [[numbers.between(1, 12) * numbers.pick((1, 1, 2)) for _ in measures] for _ in sources]
    for m in range(kinds):
        content[m % count][m] += 10
    cost = tuple(numbers.tenths(10, 90, 5) for _ in sources)
    plan = [numbers.between(1, 8) for _ in sources] if drawing.size != "large" else [numbers.below(3) for _ in sources]
    need = tuple(sum(line[m] * level for line, level in zip(content, plan, strict=True)) for m in range(kinds))
    batch = None
    most: dict[int, int] = {}
    if drawing.size == "large":
        most = {i: numbers.between(4, 12) for i in range(count)}
    elif numbers.chance(0.45):
        batch = sum(plan)
    elif numbers.chance(0.5):
        most = {numbers.below(count): numbers.between(3, 9)}
    made = _Instance(story, sources, measures, cost, tuple(tuple(line) for line in content), need, most, batch)
    return _changed(drawing, made)


def _changed(drawing: Drawing, made: _Instance) -> _Instance:
    change = drawing.change
    i, m = change.below(len(made.sources)), change.below(len(made.measures))
    richest = [max(line[k] for line in made.content) for k in range(len(made.measures))]
    least = max(divide(need, best) for need, best in zip(made.need, richest, strict=True))
    if drawing.is_a("infeasible"):
        if drawing.size == "large":
            total = sum(made.most[k] * made.content[k][m] for k in range(len(made.sources)))
            return replace(made, need=_with(made.need, m, total + change.between(5, 60)))
        batch = max(1, int(least) - change.between(1, 3))
        return replace(made, batch=batch, most={}, need=_with(made.need, m, batch * richest[m] + change.between(3, 40)))
    j = (i + 1 + change.below(len(made.sources) - 1)) % len(made.sources)
    if drawing.size == "large":
        limit = made.most[i] + made.most[j] + change.between(1, 5)
        if drawing.is_a("sometimes", "twin"):
            limit = max(1, limit * change.between(20, 70) // 100)
        return made if drawing.is_a("plain") else replace(made, pair=(i, j, limit))
    if drawing.is_a("redundant"):
        return replace(made, batch=None, least=max(1, int(least) - change.between(0, 2)))
    if drawing.is_a("sometimes"):
        if change.chance(0.5):
            return replace(made, pair=(i, j, change.between(2, 12)))
        return replace(made, batch=None, least=int(least) + change.between(1, 4))
    if drawing.is_a("twin"):
        if change.chance(0.5):
            return replace(made, need=_with(made.need, m, made.need[m] * change.between(11, 15) // 10 + 1))
        return replace(made, cost=tuple(c + change.between(1, 3) if k == i else c for k, c in enumerate(made.cost)))
    return made


def _with(values: tuple[int, ...], at: int, value: int) -> tuple[int, ...]:
    return (*values[:at], value, *values[at + 1 :])


def _tell(drawing: Drawing, voice: Voice, made: _Instance, shape: str) -> str:
    story, unit = made.story, made.story.unit
    large = drawing.size == "large"
    sources = f"{voice.digits(len(made.sources))} ingredients" if large else voice.listing(made.sources)
    opening = voice.say(*story.openings, person=voice.person, town=voice.town, sources=sources)
    facts = {"rule": _rule(voice, story), "table": shape} if large else {}
    if drawing.size == "medium":
        facts = _table_facts(voice, made)
    elif drawing.size == "small":
        facts = _prose_facts(voice, made)
    if made.batch is not None:
        facts["batch"] = voice.say(
            "[In all|Altogether], [exactly|precisely] {n} [are|have to be] [used|mixed]", "The {product} [weighs in at|is to be] exactly {n}",
            "[Neither more nor less than|Exactly] {n} [go|goes] into the {product}", n=voice.count(made.batch, *unit), product=story.product,
        )  # fmt: skip
    if made.least is not None:
        facts["least"] = voice.say(
            "[In all|Altogether], [at least|no less than] {n} [must be|have to be] [used|bought]",
            "The supplier [delivers|accepts orders of] {n} or more [in total|for all sources together]", n=voice.count(made.least, *unit),
        )  # fmt: skip
    if made.pair is not None:
        i, j, limit = made.pair
        facts["pair"] = voice.say(
            "{a} and {b} together [may not exceed|are limited to] {n}", "[At most|No more than] {n} of {a} and {b} [combined|taken together] [fit|can be stored]",
            a=made.sources[i], b=made.sources[j], n=voice.count(limit, *unit),
        )  # fmt: skip
    for i, most in made.most.items() if not large else ():
        facts[f"most{i}"] = voice.say(
            "[No more than|At most] {n} of {s} [can be had|may go in|are in stock]", "Of {s}, [there is no more than|only] {n} [can be bought|left]"
            if voice.words.chance(0.5) else "{s} [runs out|ends] at {n}",
            n=voice.count(most, *unit), s=made.sources[i],
        )  # fmt: skip
    question = voice.say(
        "[How much|What amount] of each [source|ingredient] [gives|makes] the cheapest [acceptable|possible] {product}?",
        "[Find|Work out|Determine] the [least costly|cheapest] {product} [that meets all this|under these rules]",
        "[What is|I need] the [lowest|minimum] cost [at which this can be done|and the amounts behind it]"
        + ("" if not voice.words.chance(0.3) else ", please"),
        "[Keep|Bring] the [bill|cost] as low as possible: [what should go in|which amounts do it]?",
        product=story.product,
    )  # fmt: skip
    return voice.compose(
        opening, facts, question, voice.distractors(voice.words.below(3), *story.asides), last=("table",) if "table" in facts else ()
    )  # fmt: skip


def _rule(voice: Voice, story: _Story) -> str:
    return voice.say(
        "[Every|Each] quality has a [floor|minimum] that the {product} must reach, [and every|while each] ingredient is [limited|scarce]",
        "The {product} [must contain|has to hold] enough of every quality; ingredients [come in any amount up to their limit|are limited]",
        "[Amounts|Quantities] [may be fractional|need not be whole]; requirements are minimums on the total [content|contribution], supplies are maximums",
        product=story.product,
    )


def _prose_facts(voice: Voice, made: _Instance) -> dict[str, str]:
    facts = {}
    unit = made.story.unit[0]
    measures = range(len(made.measures))
    if voice.words.chance(0.5):
        for i, source in enumerate(made.sources):
            holds = [
                f"{voice.count(made.content[i][m], *made.measures[m][1:])} of {made.measures[m][0]}" for m in measures
            ]
            facts[f"source{i}"] = voice.say(
                "A {unit} of {source} [contains|has|supplies] {holds} and costs {cost}",
                "For {cost} [one gets|you get] a {unit} of {source}, [with|which carries] {holds}",
                "{source}: {cost} [a|per] {unit}, [containing|with] {holds}",
                unit=unit, source=source, holds=voice.listing(holds), cost=voice.money(made.cost[i]),
            )  # fmt: skip
    else:
        for m in measures:
            holds = [
                f"{voice.count(made.content[i][m], *made.measures[m][1:])} from {s}" for i, s in enumerate(made.sources)
            ]
            facts[f"measure{m}"] = voice.say(
                "[As to|As for] {name}, [each|one] {unit} [brings|gives] {holds}", "{name} [per|a] {unit}: {holds}",
                "[From|Out of] one {unit} one [draws|gets] this much {name}: {holds}",
                name=made.measures[m][0], unit=unit, holds=voice.listing(holds),
            )  # fmt: skip
        costs = [f"{voice.money(cost)} for {source}" for cost, source in zip(made.cost, made.sources, strict=True)]
        facts["cost"] = voice.say(
            "[Prices|The prices] [per|a] {unit} are {costs}", "[One|A] {unit} costs {costs}", "We pay {costs}, [each time per|always for one] {unit}",
            unit=unit, costs=voice.listing(costs),
        )  # fmt: skip
    return facts | _need_facts(voice, made)


def _need_facts(voice: Voice, made: _Instance) -> dict[str, str]:
    needs = [
        f"{voice.count(need, *measure[1:])} of {measure[0]}"
        for need, measure in zip(made.need, made.measures, strict=True)
    ]
    product = made.story.product
    if voice.words.chance(0.5):
        return {
            "needs": voice.say(
                "The {product} [must|has to] [contain|provide] at least {needs}", "[Required|Needed] are [no less than|at least] {needs}",
                "{needs} - [these are|take these as] the [minimums|least amounts] [for the|in the] {product}",
                product=product, needs=voice.listing(needs),
            )
        }  # fmt: skip
    return {
        f"need{m}": voice.say(
            "At least {need} [must|should] be in the {product}", "The {product} [may not|must not] fall below {need}",
            "{need} or more [is|are] [required|prescribed]", "It takes [a minimum of|at least] {need}", product=product, need=need,
        )
        for m, need in enumerate(needs)
    }  # fmt: skip


def _table_facts(voice: Voice, made: _Instance) -> dict[str, str]:
    heads = ["source", *(f"{name} ({units})" for name, _, units in made.measures), f"price ({voice.currency.plural})"]
    rows = [
        [source, *(voice.digits(value) for value in made.content[i]), voice.digits(made.cost[i])]
        for i, source in enumerate(made.sources)
    ]
    lead = voice.say(
        "[What|This is what] one {unit} [contains and costs|holds, and its price]:", "Contents and price per {unit}:",
        "[Laboratory values|Data sheet], for one {unit} each:", unit=made.story.unit[0],
    )  # fmt: skip
    return _need_facts(voice, made) | {"table": f"{lead}\n{voice.table(heads, rows)}"}


def _reference(drawing: Drawing, voice: Voice, made: _Instance) -> Draft:
    names = [identifier(source) for source in made.sources]
    measures = [identifier(name) for name, *_ in made.measures]
    units = made.story.unit[1]
    if drawing.size == "small":
        everything = linear([(1, name) for name in names])
        rows: dict[str, Written] = {
            f"{measure}_need": f"{linear([(line[m], n) for line, n in zip(made.content, names, strict=True)])} >= {made.need[m]}"
            for m, measure in enumerate(measures)
        }
        rows |= {f"{names[i]}_most": f"{names[i]} <= {most}" for i, most in made.most.items()}
        rows |= {"batch": f"{everything} == {made.batch}"} if made.batch is not None else {}
        rows |= {"least": f"{everything} >= {made.least}"} if made.least is not None else {}
        if made.pair is not None:
            i, j, limit = made.pair
            rows["pair"] = f"{names[i]} + {names[j]} <= {limit}"
        goal = linear(list(zip(made.cost, names, strict=True)))
        words = {**dict.fromkeys(names, units), **{f"{m}_need": made.measures[k][2] for k, m in enumerate(measures)}}
        return Draft("", flat(dict.fromkeys(names, "continuous"), "minimize", goal, rows), units=words)
    pick = drawing.words.pick
    s, q = pick((("S", "Q"), ("sources", "measures"), ("Ingredients", "Qualities"), ("I", "K"), ("foods", "nutrients")))
    cost, content, need, use = pick(
        (("cost", "content", "need", "buy"), ("price", "a", "b", "x"), ("c", "has", "minimum", "amount"))
    )
    parameters = {
        cost: vector(s, names, made.cost), content: matrix(s, q, names, measures, made.content), need: vector(q, measures, made.need)
    }  # fmt: skip
    meanings = {
        cost: f"price of one {made.story.unit[0]} in {voice.currency.plural}",
        content: f"units of a quality in one {made.story.unit[0]} of an ingredient",
        need: "the least total of a quality",
    }
    total = f"sum({use}[i] for i in {s})"
    rows = {"need": (f"k in {q}", f"sum({content}[i,k]*{use}[i] for i in {s}) >= {need}[k]")}
    if drawing.size == "large":
        supply = pick(("limit", "available", "supply"))
        parameters[supply] = vector(s, names, [made.most[i] for i in range(len(names))])
        meanings[supply] = f"the most {units} of an ingredient that can be used"
        rows["supply_limit"] = (f"i in {s}", f"{use}[i] <= {supply}[i]")
    else:
        rows |= {f"most_{names[i]}": f"{use}[{names[i]}] <= {most}" for i, most in made.most.items()}
    if made.pair is not None:
        i, j, limit = made.pair
        rows["pair"] = f"{use}[{names[i]}] + {use}[{names[j]}] <= {limit}"
    for key, amount, relation in (("batch", made.batch, "=="), ("least", made.least, ">=")):
        if amount is not None:
            rows[key] = f"{total} {relation} {amount}"
    reference, data = indexed(
        drawing, {s: names, q: measures}, parameters, {use: Variable("continuous", 0, index=(s,))},
        "minimize", f"sum({cost}[i]*{use}[i] for i in {s})", rows,
    )  # fmt: skip
    shape = (
        describe(voice, data, {s: "the ingredients", q: "the qualities"}, meanings) if drawing.size == "large" else ""
    )
    return Draft(shape, reference, data, units={use: units})


def _draft(drawing: Drawing) -> Draft:
    made = _instance(drawing)
    voice = Voice.of(drawing)
    draft = _reference(drawing, voice, made)
    text = _tell(drawing, voice, made, draft.text)
    marked = ("pair" if made.pair else "least",) if drawing.is_a("redundant", "sometimes") else ()
    return finished(drawing, draft, text, voice.currency.plural, marked)


FAMILY = Family(
    "blending",
    "the cheapest mixture or diet that meets its requirements",
    _draft,
    all_sizes("infeasible", "redundant", "sometimes", "twin"),
)
