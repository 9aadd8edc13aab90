"""Product mix: what to make from scarce resources for the highest profit."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...feasibility.language.formulation import Domain, Variable
from .algebra import Written, flat, identifier, indexed, linear, matrix, vector
from .drawing import Draft, Drawing, Family, all_sizes, finished
from .prose import Voice, article
from .shape import describe

Noun = tuple[str, str]
"""Singular and plural."""


@dataclass(frozen=True, slots=True)
class _Story:
    place: str
    items: tuple[Noun, ...]
    resources: tuple[tuple[str, str, str], ...]
    """What is scarce, its unit singular and plural: ``("oven", "minute", "minutes")``."""
    domain: Domain
    asides: tuple[str, ...]


_STORIES = (
    _Story("bakery", (("rye loaf", "rye loaves"), ("walnut cake", "walnut cakes"), ("tray of rolls", "trays of rolls"),
            ("fruit tart", "fruit tarts"), ("pretzel crate", "pretzel crates"), ("brioche", "brioches"), ("pie", "pies"), ("focaccia", "focaccias")),
           (("oven", "minute", "minutes"), ("flour", "gram", "grams"), ("kneading", "minute", "minutes"),
            ("butter", "gram", "grams"), ("icing", "minute", "minutes")), "integer",
           ("{some} customers [came in|queued] last Saturday", "The [second oven|delivery van] was sold in {year}")),
    _Story("joinery", (("table", "tables"), ("chair", "chairs"), ("bookcase", "bookcases"), ("bench", "benches"),
            ("stool", "stools"), ("wardrobe", "wardrobes"), ("bed frame", "bed frames"), ("desk", "desks")),
           (("sawing", "hour", "hours"), ("varnishing", "hour", "hours"), ("oak", "board", "boards"),
            ("assembly", "hour", "hours"), ("sanding", "hour", "hours")), "integer", ("[Walnut|Teak] would [look better|cost {sum} more], but [only oak is used|that is not an option now]",)),
    _Story("electronics plant", (("router", "routers"), ("speaker", "speakers"), ("drone", "drones"), ("tablet", "tablets"),
            ("smart meter", "smart meters"), ("headset", "headsets"), ("camera", "cameras"), ("controller", "controllers")),
           (("soldering", "minute", "minutes"), ("testing", "minute", "minutes"), ("circuit board", "board", "boards"),
            ("packing", "minute", "minutes"), ("sensor", "sensor", "sensors")), "integer",
           ("A [rival|competitor] in {town} [sells|ships] {some} [units|devices] a week",)),
    _Story("dairy", (("yogurt", "yogurt"), ("soft cheese", "soft cheese"), ("cream", "cream"), ("kefir", "kefir"),
            ("butter", "butter"), ("curd", "curd"), ("ice cream", "ice cream"), ("milk powder", "milk powder")),
           (("raw milk", "litre", "litres"), ("cooling", "minute", "minutes"), ("filling", "minute", "minutes"),
            ("separator", "minute", "minutes"), ("salt", "gram", "grams")), "continuous",
           ("The [herd|cows] [counted|numbered] {some} in {year}",)),
    _Story("paint factory", (("wall paint", "wall paint"), ("primer", "primer"), ("enamel", "enamel"), ("lacquer", "lacquer"),
            ("wood stain", "wood stain"), ("floor coating", "floor coating"), ("undercoat", "undercoat"), ("glaze", "glaze")),
           (("mixing", "minute", "minutes"), ("pigment", "gram", "grams"), ("resin", "gram", "grams"),
            ("milling", "minute", "minutes"), ("solvent", "millilitre", "millilitres")), "continuous",
           ("[Grey|Ochre] was the [favourite|best-selling] colour of {year}",)),
    _Story("textile workshop", (("scarf", "scarves"), ("jacket", "jackets"), ("blanket", "blankets"), ("skirt", "skirts"),
            ("tote bag", "tote bags"), ("cushion", "cushions"), ("apron", "aprons"), ("poncho", "ponchos")),
           (("cutting", "minute", "minutes"), ("sewing", "minute", "minutes"), ("wool", "gram", "grams"),
            ("dyeing", "minute", "minutes"), ("lining", "square metre", "square metres")), "integer",
           ("[Two|Three] of the looms [are|date] from {year}",)),
    _Story("toy maker", (("train set", "train sets"), ("doll house", "doll houses"), ("puzzle", "puzzles"), ("kite", "kites"),
            ("rocking horse", "rocking horses"), ("yo-yo", "yo-yos"), ("chess set", "chess sets"), ("marionette", "marionettes")),
           (("carving", "minute", "minutes"), ("painting", "minute", "minutes"), ("beech wood", "piece", "pieces"),
            ("packaging", "minute", "minutes"), ("glue", "gram", "grams")), "integer",
           ("The [shop window|display] [shows|holds] {some} [antique|tin] toys that are not for sale",)),
    _Story("nursery", (("rose bush", "rose bushes"), ("herb box", "herb boxes"), ("fern", "ferns"), ("bonsai", "bonsais"),
            ("hanging basket", "hanging baskets"), ("cactus", "cacti"), ("olive tree", "olive trees"), ("orchid", "orchids")),
           (("greenhouse", "square decimetre", "square decimetres"), ("compost", "litre", "litres"),
            ("potting", "minute", "minutes"), ("water", "litre", "litres"), ("pruning", "minute", "minutes")), "integer",
           ("[Frost|Hail] [spoiled|ruined] {some} pots in {month} {year}",)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Instance:
    story: _Story
    items: tuple[Noun, ...]
    resources: tuple[tuple[str, str, str], ...]
    profit: tuple[int, ...]
    use: tuple[tuple[int, ...], ...]
    """use[i][r]: of resource r for one of item i."""
    stock: tuple[int, ...]
    caps: dict[int, int]
    floors: dict[int, int]
    total: int | None = None
    pair: tuple[int, int, int] | None = None
    """Two items and the most of both together."""


def _instance(drawing: Drawing) -> _Instance:
    numbers = drawing.numbers
    story = numbers.pick(_STORIES)
    count = drawing.one_of(numbers.between(2, 4), numbers.between(5, 8), numbers.between(60, 90))
    kinds = drawing.one_of(numbers.between(2, 3), numbers.between(3, 5), numbers.between(12, 20))
    if drawing.size == "large":
        items: tuple[Noun, ...] = tuple((f"p{k:02}", f"p{k:02}") for k in range(1, count + 1))
        resources = tuple((f"r{k}", "unit", "units") for k in range(1, kinds + 1))
        story = replace(story, domain="continuous")
    else:
        items = tuple(numbers.sample(story.items, count))
        resources = tuple(numbers.sample(story.resources, kinds))
    step = numbers.pick((1, 5))
    use = tuple(tuple(step * numbers.between(1, 12) for _ in resources) for _ in items)
    plan = [numbers.between(2, 20) for _ in items]
    stock = [sum(u[r] * level for u, level in zip(use, plan, strict=True)) for r in range(kinds)]
    stock = [max(20, round(amount, -1)) for amount in stock]
    profit = tuple(numbers.between(2, 9) + sum(u) // numbers.between(2, 6) for u in use)
    caps: dict[int, int] = {}
    floors: dict[int, int] = {}
    if drawing.size == "large":
        caps = {i: numbers.between(5, 30) for i in range(count)}
    elif numbers.chance(0.5):
        caps = {numbers.below(count): numbers.between(4, 15)}
    if drawing.size != "large" and numbers.chance(0.5):
        floors = {k: numbers.between(1, 3) for k in [numbers.below(count)] if k not in caps}
    made = _Instance(story, items, resources, profit, use, tuple(stock), caps, floors)
    return (
        _changed(drawing, made) if drawing.is_a("infeasible", "unbounded", "redundant", "sometimes", "twin") else made
    )


def _changed(drawing: Drawing, made: _Instance) -> _Instance:
    change = drawing.change
    i, r = change.below(len(made.items)), change.below(len(made.resources))
    reach = [min(s // u for s, u in zip(made.stock, use, strict=True)) for use in made.use]
    others = {k: v for k, v in made.caps.items() if k != i}
    if drawing.is_a("infeasible"):
        asked = reach[i] + change.between(1, 6)
        caps = {**made.caps, i: asked + 20} if drawing.size == "large" else others
        return replace(made, floors={**made.floors, i: asked}, caps=caps)
    if drawing.is_a("unbounded"):
        use = tuple(tuple(0 for _ in u) if k == i else u for k, u in enumerate(made.use))
        return replace(made, use=use, caps={} if drawing.size == "large" else others)
    if drawing.is_a("redundant"):
        return replace(made, total=sum(reach) + change.between(5, 40))
    if drawing.is_a("sometimes"):
        j = (i + 1 + change.below(len(made.items) - 1)) % len(made.items)
        room = made.caps[i] + made.caps[j] if drawing.size == "large" else min(reach[i], reach[j])
        return replace(made, pair=(i, j, max(1, room * change.between(3, 9) // 10)))
    if drawing.size == "large":
        return replace(made, floors={i: max(1, min(reach[i], made.caps[i]) // 2)})
    kind = change.pick(("profit", "stock", "use"))
    if kind == "profit":
        profit = tuple(p + change.between(3, 9) if k == i else p for k, p in enumerate(made.profit))
        return replace(made, profit=profit)
    if kind == "stock":
        stock = tuple(s * change.between(5, 8) // 10 if k == r else s for k, s in enumerate(made.stock))
        return replace(made, stock=stock)
    use = tuple(
        tuple(a + change.between(1, 4) if (k, q) == (i, r) else a for q, a in enumerate(u))
        for k, u in enumerate(made.use)
    )
    return replace(made, use=use)


def _tell(drawing: Drawing, voice: Voice, made: _Instance, shape: str) -> str:
    place = made.story.place
    the = voice.phrase("the {place}", "the [firm|business]", "{person}", place=place, person=voice.person)
    goods = voice.listing([plural for _, plural in made.items])
    if drawing.size == "large":
        goods = f"{voice.digits(len(made.items))} products"
    opening = voice.say(
        "{a_place} in {town} [wants|has] to [decide|settle] [what to make|its production] [this week|today|for the coming week]",
        "{person} runs [a small {place}|{a_place}] [near|in|outside] {town} [and is planning the week|where time and supplies are short|]",
        "[This week's|Tomorrow's] production [at|of] the {town} {place} [is still open|has not been fixed]",
        "The {place} [belongs to|is managed by] {person}, who [makes|offers|can produce] {goods}",
        "[Here is|This is] the situation [at|in] our {place}: we [can make|produce] {goods}",
        "{goods}: [that is all|these are the things] the {place} of {person} [makes|sells]",
        place=place, a_place=article(place), town=voice.town, person=voice.person, goods=goods,
    )  # fmt: skip
    if drawing.size == "large":
        facts = {"rule": _rule(voice), "table": shape}
    else:
        facts = _table_facts(voice, made) if drawing.size == "medium" else _prose_facts(voice, made)
    facts |= _limit_facts(voice, made)
    amounts = voice.listing([_many(made, i) for i in range(len(made.items))]) if len(made.items) < 5 else "each"
    question = voice.say(
        "How [many|much] of {goods} [should|must] {the} [make|produce] [to earn the most|for the highest profit]?"
        if made.story.domain == "continuous" or amounts == "each"
        else "How many {amounts} [should|must] {the} [make|produce] [to earn the most|for the highest profit]?",
        "Find the [production plan|mix|quantities] with the [largest|greatest|highest] [total|overall] profit",
        "[What|Which] [mix|plan] [brings in|yields|earns] the most [money|profit]?",
        "[{the} wants|The aim is] [the largest possible profit|to earn as much as possible]; what [should be made|is the best mix]?",
        "[Advise|Tell] {the} what to [make|produce] so that [total profit|what is earned in total] is [as large as it can be|maximal]",
        amounts=amounts, goods=goods, the=the,
    )  # fmt: skip
    asides = voice.distractors(voice.words.below(3), *made.story.asides)
    return voice.compose(opening, facts, question, asides, last=("table",) if "table" in facts else ())


def _one(made: _Instance, i: int) -> str:
    singular = made.items[i][0]
    return article(singular) if made.story.domain == "integer" else f"a kilogram of {singular}"


def _many(made: _Instance, i: int) -> str:
    return made.items[i][1] if made.story.domain == "integer" else f"kilograms of {made.items[i][1]}"


def _prose_facts(voice: Voice, made: _Instance) -> dict[str, str]:
    """By item or by resource."""
    facts = {}
    resources = range(len(made.resources))
    if voice.words.chance(0.5):
        for i in range(len(made.items)):
            needs = [
                f"{voice.count(made.use[i][r], *made.resources[r][1:])} of {made.resources[r][0]}"
                for r in resources
                if made.use[i][r]
            ]
            facts[f"item{i}"] = voice.say(
                "[Making|Producing] {one} [takes|requires|uses] {needs}, and [it|that] [earns|brings in|yields] {profit}",
                "{one} [needs|calls for|uses up] {needs} [and|; it] [leaves a profit of|brings] {profit}",
                "The profit on {one} [is|comes to] {profit}; [for that|to make it] one needs {needs}",
                "With {needs} [one can make|you get] {one}, [worth|which is worth] {profit} in profit",
                one=_one(made, i), needs=voice.listing(needs) or "nothing that is scarce", profit=voice.money(made.profit[i]),
            )  # fmt: skip
        for r in resources:
            name, *unit = made.resources[r]
            facts[f"stock{r}"] = voice.say(
                "[There are|There is a total of] {stock} of {name} [available|on hand|to work with]",
                "{name}: {stock} [at most|and no more|in all]",
                "[Only|At most|No more than] {stock} of {name} can be used",
                "{name} is [limited to|capped at] {stock}",
                name=name, stock=voice.total(made.stock[r], *unit),
            )  # fmt: skip
        return facts
    for r in resources:
        name, *unit = made.resources[r]
        uses = [
            f"{voice.count(made.use[i][r], *unit)} for {_one(made, i)}"
            for i in range(len(made.items))
            if made.use[i][r]
        ]
        facts[f"resource{r}"] = voice.say(
            "{name} [comes to|amounts to] {uses}; {stock} [are there|can be spent|are available]",
            "[Of|As for] {name}, {stock} [can be had|are available]: {uses}",
            "{uses} - that is the {name} [each takes|needed], and {stock} is [the limit|all there is]",
            "The {name} [supply|capacity] is {stock}, [of which one uses|and it takes] {uses}",
            name=name, uses=voice.listing(uses), stock=voice.total(made.stock[r], *unit),
        )  # fmt: skip
    earned = [f"{voice.money(made.profit[i])} on {_one(made, i)}" for i in range(len(made.items))]
    facts["profit"] = voice.say(
        "[One earns|The profit is|The margin is] {earned}", "{earned}: this is [what is left|the profit] after costs",
        "After all costs {earned} [remain|are left]", earned=voice.listing(earned),
    )  # fmt: skip
    return facts


def _table_facts(voice: Voice, made: _Instance) -> dict[str, str]:
    heads = [f"{name} ({unit[1]})" for name, *unit in made.resources]
    each = "piece" if made.story.domain == "integer" else "kilogram"
    profit_head = f"profit ({voice.currency.plural})"
    rows = [
        [made.items[i][1], *(voice.digits(use) for use in made.use[i]), voice.digits(made.profit[i])]
        for i in range(len(made.items))
    ]
    lead = voice.say(
        "[Per|For each] {each}, [what it takes and earns|needs and profit]:", "The [recipe|cost] sheet, [all |]per {each}:",
        "[This table|The list below] [shows|gives] [needs|use] and profit per {each}:", each=each,
    )  # fmt: skip
    stocks = [
        f"{voice.total(made.stock[r], *made.resources[r][1:])} of {made.resources[r][0]}" for r in range(len(heads))
    ]
    return {
        "stock": voice.say(
            "[Available are|On hand are|The limits are] {stocks}", "{stocks} [can be used|is what can be used]; no more",
            "We [have|can count on] {stocks}", stocks=voice.listing(stocks),
        ),
        "table": f"{lead}\n{voice.table(['product', *heads, profit_head], rows)}",
    }  # fmt: skip


def _rule(voice: Voice) -> str:
    return voice.say(
        "[Every product|Each of them] [draws on|uses] [several|many] [shared|common] resources, [none of which|and none] can be overdrawn",
        "No resource [may be|can be] used beyond what there is, and [parts of a unit|fractions] can be made",
        "[Quantities|Amounts] need not be whole; [what limits them is|they compete for] the resources [listed|in the data]",
    )


def _limit_facts(voice: Voice, made: _Instance) -> dict[str, str]:
    facts = {}
    piece = made.story.domain == "integer"
    for i, cap in made.caps.items():
        if len(made.caps) > 2:
            break  # a large instance: the caps are in the data
        facts[f"cap{i}"] = voice.say(
            "[No more than|At most] {n} [can be sold|find a buyer]", "[The market|Demand] [takes|is limited to] {n} at most",
            "Nobody would buy more than {n}", n=_amount(voice, made, i, cap),
        )  # fmt: skip
    for i, floor in made.floors.items():
        facts[f"floor{i}"] = voice.say(
            "[A regular customer|A contract|An old order] [calls for|asks for|requires] at least {n}",
            "{n} [are|is] promised already, and [a promise is kept|more may be made]",
            "Not fewer than {n} [have to|must] be made" if piece else "Not less than {n} [has to|must] be made",
            n=_amount(voice, made, i, floor),
        )  # fmt: skip
    if made.pair is not None:
        i, j, most = made.pair
        facts["pair"] = voice.say(
            "{a} and {b} [share a mould|go through the same machine|are sold to the same buyer], so [no more than|at most] {n} of them can be made [together|in all]",
            "[There is packaging|There are labels] for {n} of {a} and {b} [together|combined]", "{a} plus {b}: {n} at the most",
            a=made.items[i][1], b=made.items[j][1], n=voice.count(most, "piece" if piece else "kilogram"),
        )  # fmt: skip
    if made.total is not None:
        facts["total"] = voice.say(
            "[The store room|The van] [holds|has room for] [at most|no more than] {n} [in all|of all kinds together]",
            "[Altogether|In total], no more than {n} may be made",
            n=voice.count(made.total, "piece" if piece else "kilogram"),
        )  # fmt: skip
    return facts


def _amount(voice: Voice, made: _Instance, i: int, amount: int) -> str:
    if made.story.domain == "integer":
        return voice.count(amount, *made.items[i])
    return f"{voice.count(amount, 'kilogram')} of {made.items[i][1]}"


def _flat_reference(made: _Instance) -> Draft:
    names = [identifier(plural) for _, plural in made.items]
    rows: dict[str, Written] = {}
    units = {name: made.items[i][1] if made.story.domain == "integer" else "kilograms" for i, name in enumerate(names)}
    for r, (resource, _, unit) in enumerate(made.resources):
        row = identifier(resource)
        row = f"{row}_limit" if row in names else row
        rows[row] = f"{linear([(made.use[i][r], name) for i, name in enumerate(names)])} <= {made.stock[r]}"
        units[row] = unit
    rows |= {f"{names[i]}_cap": f"{names[i]} <= {cap}" for i, cap in made.caps.items()}
    rows |= {f"{names[i]}_order": f"{names[i]} >= {floor}" for i, floor in made.floors.items()}
    if made.pair is not None:
        i, j, most = made.pair
        rows["pair"] = f"{names[i]} + {names[j]} <= {most}"
    if made.total is not None:
        rows["total"] = f"{linear([(1, name) for name in names])} <= {made.total}"
    goal = linear([(made.profit[i], name) for i, name in enumerate(names)])
    return Draft("", flat(dict.fromkeys(names, made.story.domain), "maximize", goal, rows), units=units)


def _indexed_reference(drawing: Drawing, voice: Voice, made: _Instance) -> Draft:
    products = [identifier(plural) for _, plural in made.items]
    resources = [identifier(name) for name, *_ in made.resources]
    words = drawing.words
    p, r = words.pick(
        (("P", "R"), ("products", "resources"), ("Products", "Resources"), ("I", "J"), ("goods", "inputs"))
    )
    profit, use, stock, make = words.pick(
        (("profit", "use", "stock", "make"), ("margin", "needs", "capacity", "x"), ("gain", "a", "b", "quantity"))
    )
    parameters = {
        profit: vector(p, products, made.profit),
        use: matrix(p, r, products, resources, made.use),
        stock: vector(r, resources, made.stock),
    }
    rows: dict[str, Written] = {"limit": (f"k in {r}", f"sum({use}[i,k]*{make}[i] for i in {p}) <= {stock}[k]")}
    meanings = {
        profit: f"[profit, in {voice.currency.plural}, on one unit of a product|what one unit earns ({voice.currency.plural})|{voice.currency.plural} gained with each unit made|unit margin in {voice.currency.plural}]",
        use: "[how much of a resource one unit of a product takes|consumption of a resource by one unit|units of a resource needed to make one unit of a product|resource use of a single unit]",
        stock: "[how much of a resource there is|the amount at hand|what can be drawn on in all|total supply of a resource]",
    }
    if drawing.size == "large" and made.caps:
        cap = words.pick(("cap", "demand", "most", "market"))
        parameters[cap] = vector(p, products, [made.caps[i] for i in range(len(products))])
        rows["sales"] = (f"i in {p}", f"{make}[i] <= {cap}[i]")
        meanings[cap] = (
            "[the most of a product that can be sold|largest sales|what the market takes at most|upper limit on sales of a product]"
        )
    else:
        rows |= {f"cap_{products[i]}": f"{make}[{products[i]}] <= {cap}" for i, cap in made.caps.items()}
    rows |= {f"order_{products[i]}": f"{make}[{products[i]}] >= {floor}" for i, floor in made.floors.items()}
    if made.pair is not None:
        first, second, most = made.pair
        rows["pair"] = f"{make}[{products[first]}] + {make}[{products[second]}] <= {most}"
    if made.total is not None:
        rows["total"] = f"sum({make}[i] for i in {p}) <= {made.total}"
    reference, data = indexed(
        drawing, {p: products, r: resources}, parameters, {make: Variable(made.story.domain, 0, index=(p,))},
        "maximize", f"sum({profit}[i]*{make}[i] for i in {p})", rows,
    )  # fmt: skip
    shape = describe(voice, data, {p: "the products", r: "the resources"}, meanings) if drawing.size == "large" else ""
    unit = "kilograms" if made.story.domain == "continuous" else "pieces"
    return Draft(shape, reference, data, units={make: "units" if drawing.size == "large" else unit})


def _draft(drawing: Drawing) -> Draft:
    made = _instance(drawing)
    voice = Voice.of(drawing)
    draft = _flat_reference(made) if drawing.size == "small" else _indexed_reference(drawing, voice, made)
    text = _tell(drawing, voice, made, draft.text)
    marked = ("pair" if made.pair else "total",) if drawing.is_a("redundant", "sometimes") else ()
    return finished(drawing, draft, text, voice.currency.plural, marked)


FAMILY = Family(
    "product-mix",
    "what to make from scarce resources for the highest profit",
    _draft,
    all_sizes("infeasible", "unbounded", "redundant", "sometimes", "twin"),
)
