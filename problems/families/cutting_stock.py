"""Cutting stock: how to cut ordered pieces from stock lengths, given the cutting patterns."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...feasibility.language.formulation import Variable
from .algebra import Written, codes, flat, indexed, linear, matrix, vector
from .drawing import Draft, Drawing, Family, all_sizes, finished
from .prose import Voice
from .shape import describe


@dataclass(frozen=True, slots=True)
class _Story:
    stock: tuple[str, str]
    piece: tuple[str, str]
    unit: tuple[str, str]
    length: int
    openings: tuple[str, ...]
    asides: tuple[str, ...]


_STORIES = (
    _Story(("roll", "rolls"), ("strip", "strips"), ("centimetre", "centimetres"), 100,
           ("A paper mill cuts rolls {length} wide into narrower strips", "Rolls of foil, {length} wide, are [slit|cut] into strips [in {town}|by {boss}]"), ("The mill [uses|saves] {some} [litres of water|kilowatt hours] an hour",)),
    _Story(("bar", "bars"), ("rod", "rods"), ("decimetre", "decimetres"), 60,
           ("Steel bars {length} long are sawn into rods", "{boss} buys steel bars of {length} and saws rods from them"), ("The saw blade [was changed|broke] in {month}",)),
    _Story(("board", "boards"), ("shelf", "shelves"), ("decimetre", "decimetres"), 40,
           ("A carpenter in {town} cuts shelves from boards of {length}", "Boards come {length} long; a library needs shelves [cut from them|]"), ("The library [owns|lends] {some} books",)),
    _Story(("pipe", "pipes"), ("section", "sections"), ("decimetre", "decimetres"), 60,
           ("Plumbers cut copper pipes of {length} into sections", "For a block of flats in {town}, sections are cut from pipes {length} long"), ("The boiler is [a gift|second-hand] from {year}",)),
    _Story(("bolt of cloth", "bolts of cloth"), ("curtain", "curtains"), ("decimetre", "decimetres"), 80,
           ("A tailor cuts curtains from bolts of cloth, each {length} long", "Bolts of cloth of {length} are on stock in {town}; curtains are cut from them"), ("The theatre seats {some} people",)),
    _Story(("cable drum", "cable drums"), ("cable", "cables"), ("metre", "metres"), 90,
           ("Cables are cut from drums holding {length}", "An electrician orders drums of {length} of cable and cuts them up"), ("The [lift|escalator] was installed in {year}",)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Instance:
    story: _Story
    lengths: tuple[int, ...]
    orders: tuple[int, ...]
    patterns: tuple[tuple[int, ...], ...]
    """patterns[p][k]: pieces of length k in one stock length cut by pattern p."""
    limit: int | None = None
    """The most stock lengths in all."""
    least: int | None = None
    """The fewest stock lengths in all."""
    pattern_limit: tuple[int, int] | None = None
    price: tuple[int, ...] = ()
    """Cost of cutting one stock length by each pattern; empty: every stock length counts one."""


def _instance(drawing: Drawing) -> _Instance:
    numbers = drawing.numbers
    story = numbers.pick(_STORIES)
    kinds, wanted = drawing.one_of(
        (2, numbers.between(2, 4)),
        (numbers.between(3, 5), numbers.between(5, 9)),
        (numbers.between(14, 20), numbers.between(45, 80)),
    )
    low, high = story.length // 6, story.length // 2
    if drawing.size == "large":
        low, high = max(2, story.length // 12), story.length * 3 // 5
    lengths = tuple(sorted(numbers.distinct(low, high, kinds), reverse=True))
    orders = tuple(numbers.between(8, 60) for _ in lengths)
    patterns: list[tuple[int, ...]] = []
    for attempt in range(wanted * 6):
        left, pattern = story.length, [0] * kinds
        first = attempt % kinds
        for k in [first, *numbers.sample([q for q in range(kinds) if q != first], kinds - 1)]:
            most = left // lengths[k]
            pattern[k] = (
                most
                if k == first and attempt < kinds
                else numbers.between(0, most)
                if k != first
                else max(1, numbers.between(0, most))
                if most
                else 0
            )
            left -= pattern[k] * lengths[k]
        for k in range(kinds):
            if left >= lengths[k]:
                pattern[k] += left // lengths[k]
                left -= (left // lengths[k]) * lengths[k]
        if tuple(pattern) not in patterns:
            patterns.append(tuple(pattern))
        if len(patterns) == wanted:
            break
    price = tuple(numbers.between(10, 25) for _ in patterns) if drawing.size != "small" and numbers.chance(0.4) else ()
    return _changed(drawing, _Instance(story, lengths, orders, tuple(patterns), price=price))


def _changed(drawing: Drawing, made: _Instance) -> _Instance:
    change = drawing.change
    k, p = change.below(len(made.lengths)), change.below(len(made.patterns))
    worth = sum(n * size for n, size in zip(made.orders, made.lengths, strict=True))
    least = -(-worth // made.story.length)
    if drawing.is_a("infeasible"):
        return replace(made, limit=max(1, least - change.between(1, 5)))
    if drawing.is_a("redundant"):
        return replace(made, least=max(1, least - change.between(1, 6)))
    if drawing.is_a("sometimes"):
        return replace(made, pattern_limit=(p, change.between(3, 25)))
    if drawing.is_a("twin"):
        if drawing.size == "large" or change.chance(0.4):
            return replace(made, pattern_limit=(p, change.between(0, 6)))
        return replace(
            made, orders=tuple(n + change.between(4, 20) if q == k else n for q, n in enumerate(made.orders))
        )
    return made


def _size(voice: Voice, made: _Instance, length: int) -> str:
    return voice.count(length, *made.story.unit)


def _limit_facts(voice: Voice, made: _Instance, names: list[str]) -> dict[str, str]:
    """Costs by pattern, and limits on the stock and on single patterns."""
    story = made.story
    facts: dict[str, str] = {}
    if made.price:
        facts["price"] = voice.say(
            "[Patterns|The patterns] differ in cost [because of setup|], [as listed|see the data]",
            "What one {s} costs depends on how it is cut",
            s=story.stock[0],
        )
    if made.limit is not None:
        facts["limit"] = voice.say(
            "[Only|No more than] {n} [are in stock|can be had]",
            "The store holds {n}, [and no delivery is due|not more]",
            n=voice.count(made.limit, *story.stock),
        )
    if made.least is not None:
        facts["least"] = voice.say(
            "[The contract|A minimum order] [obliges us to use|calls for] at least {n}",
            "At least {n} [have to|must] be [used|cut up]",
            n=voice.count(made.least, *story.stock),
        )
    if made.pattern_limit:
        p, most = made.pattern_limit
        facts["pattern_limit"] = (
            voice.say(
                "[Today|This week] {p} cannot be used",
                "The [setting|jig] for {p} is [broken|missing]",
                "{p} is not [possible|available] at the moment",
                p=names[p],
            )
            if most == 0
            else voice.say(
                "{p} [wears the blade|is slow], so [at most|no more than] {n} may be cut that way",
                "[At most|No more than] {n} [can|may] be cut by {p}",
                p=names[p],
                n=voice.count(most, *story.stock),
            )
        )
    return facts


def _pattern_facts(voice: Voice, made: _Instance, names: list[str], in_table: bool) -> dict[str, str]:
    """What each pattern gives, as a table or in words."""
    story = made.story
    facts: dict[str, str] = {}
    if in_table:
        heads = ["pattern", *(_size(voice, made, size) for size in made.lengths)] + (
            [f"cost ({voice.currency.plural})"] if made.price else []
        )
        rows = [
            [name, *(voice.digits(n) for n in pattern)] + ([voice.digits(made.price[k])] if made.price else [])
            for k, (name, pattern) in enumerate(zip(names, made.patterns, strict=True))
        ]
        lead = voice.say(
            "[How one|What one] {s} can be cut, in pieces of each length:",
            "The machine knows these [patterns|ways], [pieces per|for one] {s}:",
            "[Cutting patterns|Patterns] (number of {ps} from one {s}):",
            s=story.stock[0],
            ps=story.piece[1],
        )
        facts["table"] = f"{lead}\n{voice.table(heads, rows)}"
    else:
        for k, pattern in enumerate(made.patterns):
            told = voice.listing(
                [
                    f"{voice.number(n)} of {_size(voice, made, size)}"
                    for n, size in zip(pattern, made.lengths, strict=True)
                    if n
                ]
            )
            facts[f"pattern{k}"] = voice.say(
                "{name} [gives|yields] {t}",
                "[With|By] {name} one {s} [becomes|turns into] {t}",
                "{name}: {t}",
                "Cut by {name}, a {s} [makes|gives] {t}",
                name=names[k],
                t=told,
                s=story.stock[0],
            )
    return facts


def _tell(drawing: Drawing, voice: Voice, made: _Instance, shape: str) -> str:
    story, large = made.story, drawing.size == "large"
    opening = voice.say(*story.openings, boss=voice.person, town=voice.town, length=_size(voice, made, story.length))
    facts: dict[str, str] = {}
    names = codes("w", len(made.patterns)) if large else [f"pattern {k}" for k in range(1, len(made.patterns) + 1)]
    if large:
        facts["table"] = shape
        facts["rule"] = voice.say(
            "[Only|No other than] the listed patterns [can be used|fit the machine], each as often as one likes",
            "[Every|Each] order must be [filled|met]; [extra pieces are thrown away|surplus is scrap]",
            "[Cut whole {s}|A {o} once begun is cut up]; orders are minimums",
            s=story.stock[1],
            o=story.stock[0],
        )
    else:
        orders = [
            f"{voice.count(n, *story.piece)} of {_size(voice, made, size)}"
            for n, size in zip(made.orders, made.lengths, strict=True)
        ]
        if voice.words.chance(0.5):
            facts["orders"] = voice.say(
                "[Orders|On order]: {o}",
                "[Needed|Wanted] are [at least|] {o}",
                "The customer [asks for|has ordered] {o}",
                o=voice.listing(orders),
            )
        else:
            facts |= {
                f"order{k}": voice.say(
                    "{o} [are|have been] ordered",
                    "[There is an order|Someone asked] for {o}",
                    "{o} [must|have to] be delivered",
                    o=order,
                )
                for k, order in enumerate(orders)
            }
        facts |= _pattern_facts(voice, made, names, in_table=drawing.size == "medium")
    facts |= _limit_facts(voice, made, names)
    question = voice.say(
        "How should the {s} be cut [at the lowest cost|to spend the least]?" if made.price else "How [few|many] {s} [are enough|does it take at least]?",
        "[Find|Give] the [cutting plan|plan] [with the lowest total cost|that costs least]" if made.price else "[Find|Give] the [cutting plan|plan] that uses up the fewest {s}",
        "[What|Which] [plan|mix of patterns] [costs least|is cheapest]?" if made.price else "[Use|Cut up] as few {s} as possible: [how|by which patterns]?", s=story.stock[1],
    )  # fmt: skip
    asides = voice.distractors(voice.words.below(3), *story.asides)
    return voice.compose(opening, facts, question, asides, last=("table",) if "table" in facts else ())


def _flat_reference(made: _Instance, price: tuple[int, ...], bounds: list[tuple[str, str, int]]) -> Draft:
    story = made.story
    rows: dict[str, Written] = {}
    names = [f"pattern{k}" for k in range(1, len(made.patterns) + 1)]
    for k, size in enumerate(made.lengths):
        rows[f"{story.piece[0]}{size}"] = (
            f"{linear([(pattern[k], n) for pattern, n in zip(made.patterns, names, strict=True)])} >= {made.orders[k]}"
        )
    for key, sign, amount in bounds:
        rows[key] = f"{linear([(1, n) for n in names])} {sign} {amount}"
    if made.pattern_limit:
        rows["pattern_limit"] = f"{names[made.pattern_limit[0]]} <= {made.pattern_limit[1]}"
    units = dict.fromkeys(names, story.stock[1]) | {f"{story.piece[0]}{size}": story.piece[1] for size in made.lengths}
    return Draft(
        "",
        flat(dict.fromkeys(names, "integer"), "minimize", linear(list(zip(price, names, strict=True))), rows),
        units=units,
    )


def _reference(drawing: Drawing, voice: Voice, made: _Instance) -> Draft:
    story = made.story
    rows: dict[str, Written] = {}
    price = made.price or (1,) * len(made.patterns)
    sides = (("limit", "<=", made.limit), ("least", ">=", made.least))
    bounds = [(key, sign, amount) for key, sign, amount in sides if amount is not None]
    if drawing.size == "small":
        return _flat_reference(made, price, bounds)
    patterns = (
        codes("w", len(made.patterns))
        if drawing.size == "large"
        else [f"pattern_{k}" for k in range(1, len(made.patterns) + 1)]
    )
    pick = drawing.words.pick
    w, p = pick((("L", "P"), ("lengths", "patterns"), ("I", "J"), ("widths", "ways")))
    yields, orders, cost, cut = pick(
        (("yields", "orders", "cost", "cut"), ("a", "d", "c", "x"), ("pieces", "demand", "price", "use"))
    )
    parameters = {
        yields: matrix(p, w, patterns, made.lengths, made.patterns),
        orders: vector(w, made.lengths, made.orders),
    }
    meanings = {
        yields: f"{story.piece[1]} of a length that a pattern gets from one {story.stock[0]}",
        orders: f"{story.piece[1]} of a length on order",
    }
    goal = f"sum({cut}[j] for j in {p})"
    if made.price:
        parameters[cost] = vector(p, patterns, made.price)
        meanings[cost] = f"cost in {voice.currency.plural} of one {story.stock[0]} cut by a pattern"
        goal = f"sum({cost}[j]*{cut}[j] for j in {p})"
    rows["filled"] = (f"i in {w}", f"sum({yields}[j,i]*{cut}[j] for j in {p}) >= {orders}[i]")
    for key, sign, amount in bounds:
        rows[key] = f"sum({cut}[j] for j in {p}) {sign} {amount}"
    if made.pattern_limit:
        rows["pattern_limit"] = f"{cut}[{patterns[made.pattern_limit[0]]}] <= {made.pattern_limit[1]}"
    reference, data = indexed(
        drawing,
        {w: made.lengths, p: patterns},
        parameters,
        {cut: Variable("integer", 0, index=(p,))},
        "minimize",
        goal,
        rows,
    )
    sets = {w: f"the ordered lengths in {story.unit[1]}", p: "the cutting patterns"}
    shape = describe(voice, data, sets, meanings) if drawing.size == "large" else ""
    return Draft(shape, reference, data, units={cut: story.stock[1], "filled": story.piece[1]})


def _draft(drawing: Drawing) -> Draft:
    made = _instance(drawing)
    voice = Voice.of(drawing)
    draft = _reference(drawing, voice, made)
    text = _tell(drawing, voice, made, draft.text)
    marked = {"redundant": ("least",), "sometimes": ("pattern_limit",)}.get(drawing.variant, ())
    return finished(drawing, draft, text, voice.currency.plural if made.price else made.story.stock[1], marked)


FAMILY = Family(
    "cutting-stock",
    "how to cut ordered pieces from stock lengths",
    _draft,
    all_sizes("infeasible", "redundant", "sometimes", "twin"),
)
