"""Advertising mix: how many spots in which medium reach the most people for the money."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...feasibility.language.formulation import Variable
from ...feasibility.rationals import Fraction
from .algebra import Written, codes, flat, identifier, indexed, linear, matrix, scalar, vector
from .drawing import Draft, Drawing, Family, finished
from .prose import Voice, article
from .shape import describe

_MEDIA = (
    ("radio spot", "radio spots"), ("newspaper ad", "newspaper ads"), ("billboard", "billboards"), ("TV commercial", "TV commercials"),
    ("podcast mention", "podcast mentions"), ("cinema slide", "cinema slides"), ("leaflet drop", "leaflet drops"), ("search ad", "search ads"),
    ("bus banner", "bus banners"), ("magazine page", "magazine pages"), ("video clip", "video clips"), ("newsletter", "newsletters"),
)  # fmt: skip
_CLIENTS = (
    "museum",
    "bank",
    "shoe brand",
    "circus",
    "election campaign",
    "health office",
    "travel agency",
    "theatre",
    "phone company",
    "zoo",
    "supermarket chain",
    "blood bank",
)
_GROUPS = ("students", "pensioners", "parents", "commuters", "homeowners", "tourists")
_ASIDES = (
    "[Last year's|The {year}] slogan [won a prize|was a flop]",
    "A [rival|competitor] spent {sum} in {month}",
    "The [agency|designer] [asks|is paid] {sum} [whatever is booked|in any case]",
)


@dataclass(frozen=True, slots=True)
class _Instance:
    client: str
    media: tuple[tuple[str, str], ...]
    cost: tuple[int, ...]
    reach: tuple[int, ...]
    budget: int
    most: dict[int, int]
    least: dict[int, int]
    share: tuple[int, int, int] | None = None
    """Medium a: at least (part, of ten) of all spots."""
    groups: tuple[str, ...] = ()
    touches: tuple[tuple[int, ...], ...] = ()
    """touches[k][m]: people of group k whom one spot in medium m reaches."""
    needed: tuple[int, ...] = ()
    total: int | None = None


def _instance(drawing: Drawing) -> _Instance:
    numbers = drawing.numbers
    count = drawing.one_of(numbers.between(2, 4), numbers.between(5, 7), numbers.between(70, 100))
    large = drawing.size == "large"
    media = tuple((c, c) for c in codes("m", count)) if large else tuple(numbers.sample(_MEDIA, count))
    cost = tuple(numbers.between(4, 60) * 50 for _ in media)
    reach = tuple(max(100, c * numbers.between(4, 14) // 100 * 100) for c in cost)
    budget = sum(c * numbers.between(3, 9) for c in cost)
    budget = round(budget * 7 // 10, -2)
    most = {m: numbers.between(4, 15) for m in range(count) if large or numbers.chance(0.6)}
    least = {m: numbers.between(1, 3) for m in range(count) if not large and m not in most and numbers.chance(0.5)}
    made = _Instance(numbers.pick(_CLIENTS), media, cost, reach, budget, most, least)
    if drawing.size == "small":
        if numbers.chance(0.4):
            made = replace(made, share=(numbers.below(count), numbers.between(1, 3), 10))
    else:
        kinds = numbers.between(2, 3) if drawing.size == "medium" else numbers.between(10, 16)
        groups = tuple(codes("g", kinds)) if large else tuple(numbers.sample(_GROUPS, kinds))
        touches = tuple(tuple(numbers.between(0, 9) * 10 for _ in media) for _ in groups)
        plan = [min(most.get(m, 6), 2) for m in range(count)]
        needed = tuple(sum(t * p for t, p in zip(row, plan, strict=True)) * 6 // 10 for row in touches)
        made = replace(made, groups=groups, touches=touches, needed=needed)
    return made if drawing.is_a("plain") else _changed(drawing, made)


def _changed(drawing: Drawing, made: _Instance) -> _Instance:
    change = drawing.change
    m = change.below(len(made.media))
    if drawing.is_a("infeasible"):
        # Contracts alone cost more than there is.
        return replace(
            made,
            least={**made.least, m: made.budget // made.cost[m] + change.between(1, 4)},
            most={k: v for k, v in made.most.items() if k != m},
        )
    if drawing.is_a("unbounded"):
        return replace(
            made, cost=tuple(0 if k == m else c for k, c in enumerate(made.cost)), share=None,
            most={k: v for k, v in made.most.items() if k != m},
        )  # fmt: skip
    ceiling = sum(min(made.most.get(k, made.budget // c), made.budget // c) for k, c in enumerate(made.cost))
    if drawing.is_a("redundant"):
        return replace(made, total=ceiling + change.between(0, 20))
    if drawing.is_a("sometimes"):
        return replace(made, total=max(2, ceiling * change.between(30, 80) // 100))
    if change.chance(0.5):
        return replace(made, budget=made.budget * change.between(6, 9) // 1000 * 100)
    return replace(made, reach=tuple(r + change.between(2, 9) * 100 if k == m else r for k, r in enumerate(made.reach)))


def _draft(drawing: Drawing) -> Draft:
    made = _instance(drawing)
    voice = Voice.of(drawing)
    draft = _flat(made) if drawing.size == "small" else _indexed(drawing, voice, made)
    text = _tell(drawing, voice, made, draft.text)
    spent = "budget" if drawing.size == "small" else "money"
    told = finished(drawing, draft, text, "people", ("total",) if made.total is not None else ())
    return replace(told, units={**told.units, spent: voice.currency.plural})


def _flat(made: _Instance) -> Draft:
    names = [identifier(plural) for _, plural in made.media]
    everything = linear([(1, name) for name in names])
    rows: dict[str, Written] = {"budget": f"{linear(list(zip(made.cost, names, strict=True)))} <= {made.budget}"}
    rows |= {f"{names[m]}_most": f"{names[m]} <= {most}" for m, most in made.most.items()}
    rows |= {f"{names[m]}_least": f"{names[m]} >= {least}" for m, least in made.least.items()}
    if made.share:
        m, part, _ = made.share
        rows["share"] = f"{names[m]} >= 0.{part}*({everything})"
    if made.total is not None:
        rows["total"] = f"{everything} <= {made.total}"
    goal = linear(list(zip(made.reach, names, strict=True)))
    units = dict(zip(names, (plural for _, plural in made.media), strict=True))
    return Draft("", flat(dict.fromkeys(names, "integer"), "maximize", goal, rows), units=units)


def _indexed(drawing: Drawing, voice: Voice, made: _Instance) -> Draft:
    words = drawing.words
    media, groups = [identifier(plural) for _, plural in made.media], list(made.groups)
    m, g = words.pick((("M", "G"), ("media", "groups"), ("channels", "audiences"), ("I", "K")))
    cost, reach, touches, needed, buy = words.pick(
        (
            ("cost", "reach", "touches", "needed", "buy"),
            ("price", "people", "hits", "wanted", "ads"),
            ("c", "r", "a", "b", "x"),
        )
    )
    parameters = {
        cost: vector(m, media, made.cost),
        reach: vector(m, media, made.reach),
        touches: matrix(g, m, groups, media, made.touches),
        needed: vector(g, groups, made.needed),
    }
    budget = str(made.budget)
    rows: dict[str, Written] = {}
    large = drawing.size == "large"
    if large:
        parameters |= {
            "budget": scalar(made.budget),
            "most": vector(m, media, [made.most.get(k, 10_000) for k in range(len(media))]),
        }
        budget = "budget"
        rows["most"] = (f"i in {m}", f"{buy}[i] <= most[i]")
    else:
        rows |= {f"most_{media[k]}": f"{buy}[{media[k]}] <= {most}" for k, most in made.most.items()}
    rows |= {f"least_{media[k]}": f"{buy}[{media[k]}] >= {least}" for k, least in made.least.items()}
    rows["money"] = f"sum({cost}[i]*{buy}[i] for i in {m}) <= {budget}"
    rows["group"] = (f"k in {g}", f"sum({touches}[k,i]*{buy}[i] for i in {m}) >= {needed}[k]")
    if made.total is not None:
        rows["total"] = f"sum({buy}[i] for i in {m}) <= {made.total}"
    domain = "continuous" if large else "integer"
    reference, data = indexed(
        drawing, {m: media, g: groups}, parameters, {buy: Variable(domain, 0, index=(m,))},  # type: ignore[arg-type]
        "maximize", f"sum({reach}[i]*{buy}[i] for i in {m})", rows,
    )  # fmt: skip
    shape = ""
    if large:
        meanings = {
            cost: f"[{voice.currency.plural} for one placement|what a placement costs, in {voice.currency.plural}|price of one placement ({voice.currency.plural})]",
            reach: "[people who see one placement|reach of a placement|how many people one placement gets to]",
            touches: "[people of a group who see one placement|members of a group among those reached by a placement|contacts with a group from one placement]",
            needed: "[contacts that a group must have in all|least number of contacts with a group|how often a group has to be reached, at least]",
            "budget": f"[{voice.currency.plural} to spend at most|the budget in {voice.currency.plural}|money there is, {voice.currency.plural}]",
            "most": "[placements of a medium that can be bought|how many placements a medium sells|upper limit on the placements in a medium]",
        }
        shape = describe(voice, data, {m: "the media", g: "the target groups"}, meanings)
    return Draft(shape, reference, data, units={buy: "placements"})


def _tell(drawing: Drawing, voice: Voice, made: _Instance, shape: str) -> str:
    large = drawing.size == "large"
    what = (
        voice.listing([plural for _, plural in made.media]) if not large else f"{voice.number(len(made.media))} media"
    )
    opening = voice.say(
        "{a_client} in {town} [wants|needs] to be [seen|noticed] and can [book|buy] {what}", "{person} [plans|is in charge of] the [campaign|advertising] of {a_client}",
        "[As many people as possible|The whole of {town}] should [hear|learn] about the {client}".replace("[As many people as possible|The whole of {town}]", "As many people as possible"),
        "[Which mix of|How many] {what} should the {client} [buy|pay for]?".replace("[Which mix of|How many]", "Which mix of"),
        "Our {client} [advertises|will advertise] [again|this season]; on offer are {what}",
        a_client=article(made.client), client=made.client, town=voice.town, person=voice.person, what=what,
    )  # fmt: skip
    facts: dict[str, str] = {}
    if large:
        facts["rule"] = voice.say(
            "[The money|What is spent] must stay within the budget, every group must [get|have] its contacts, and parts of a placement can be [bought|had]",
            "Placements [may be|can be] split, [no medium|none] sells more than its limit, and contacts [wanted|required] in a group are a minimum",
        )
        facts["table"] = shape
    else:
        facts["budget"] = voice.say(
            "[The budget is|There is a budget of] {sum}", "[At most|No more than] {sum} can be spent", "{sum} [is|must be] enough for everything", sum=voice.money(made.budget),
        )  # fmt: skip
        facts |= _media(drawing, voice, made) | _limits(voice, made)
    question = voice.say(
        "[What|Which plan] [reaches|is seen by] the [most|largest number of] people?".replace(
            "[What|Which plan]", "Which plan"
        ),
        "[Maximize|Make as large as possible] the [total reach|number of people reached]",
        "How many of each [should be booked|are to be bought] [so that most people are reached|for the widest audience]?",
        "[Reach|Get to] as many people as [the money allows|possible], [counting everyone again for each ad|adding up the audiences]",
    )
    asides = voice.distractors(voice.words.below(3), *_ASIDES)
    return voice.compose(opening, facts, question, asides, last=("table",) if "table" in facts else ())


def _media(drawing: Drawing, voice: Voice, made: _Instance) -> dict[str, str]:
    if drawing.size == "medium":
        heads = [
            "one",
            f"cost ({voice.currency.plural})",
            "people reached",
            *(f"of these {group}" for group in made.groups),
        ]
        rows = [
            [
                one,
                voice.digits(made.cost[m]),
                voice.digits(made.reach[m]),
                *(voice.digits(row[m]) for row in made.touches),
            ]
            for m, (one, _) in enumerate(made.media)
        ]
        lead = voice.say(
            "[Rates|The rate card]:", "What one costs and whom it reaches:", "[Offers|The offers], one by one:"
        )
        needs = [f"{voice.digits(need)} {group}" for need, group in zip(made.needed, made.groups, strict=True)]
        return {
            "groups": voice.say(
                "[At least|No fewer than] {needs} must be [reached|among them], [counted ad by ad|summed over all ads]", "The plan has to [get to|reach] {needs} or more, [repeat contacts included|every contact counts]",
                needs=voice.listing(needs),
            ),
            "table": f"{lead}\n{voice.table(heads, rows)}",
        }  # fmt: skip
    facts = {}
    for m, (one, _) in enumerate(made.media):
        free = made.cost[m] == 0
        facts[f"medium{m}"] = voice.say(
            "{a_one} [costs nothing|is free] and [reaches|is seen by] {n} people" if free else "{a_one} costs {cost} and [reaches|is seen by] {n} people",
            "{n} people [see|notice] {a_one}, [which|it] is free".replace("[which|it]", "which") if free else "{n} people [see|notice] {a_one}, which costs {cost}",
            "{one}: {n} people, [no charge|free of charge]" if free else "{one}: {cost}, {n} people",
            a_one=article(one), one=one, cost=voice.money(made.cost[m]), n=voice.digits(made.reach[m]),
        )  # fmt: skip
    return facts


def _limits(voice: Voice, made: _Instance) -> dict[str, str]:
    facts = {}
    for m, most in made.most.items():
        facts[f"most{m}"] = voice.say(
            "[No more than|At most] {n} can be [had|booked]", "[Only|Just] {n} are on sale" if most > 1 else "Only {n} is on sale", "{many} are limited to {digits}",
            n=voice.count(most, *made.media[m]), many=made.media[m][1], digits=voice.number(most),
        )  # fmt: skip
    for m, least in made.least.items():
        facts[f"least{m}"] = voice.say(
            "[At least|Not fewer than] {n} must be [ordered|part of any plan]", "A contract [calls|asks] for {n} or more", n=voice.count(least, *made.media[m]),
        )  # fmt: skip
    if made.share:
        m, part, _ = made.share
        facts["share"] = voice.say(
            "[At least|No less than] {p} of all placements [must|have to] be {many}", "{many} must make up {p} or more of [the total number|everything that is booked]",
            p=voice.percent(Fraction(part, 10)), many=made.media[m][1],
        )  # fmt: skip
    if made.total is not None:
        facts["total"] = voice.say(
            "[No more than|At most] {n} in all can be [managed|handled]", "[Altogether|In total], {n} are [the limit|enough]", n=voice.count(made.total, "placement"),
        )  # fmt: skip
    return facts


FAMILY = Family(
    "advertising-mix",
    "how many spots in which medium reach the most people for the money",
    _draft,
    {
        "small": ("plain", "infeasible", "unbounded", "redundant", "sometimes", "twin"),
        "medium": ("plain", "infeasible", "unbounded", "redundant", "sometimes", "twin"),
        "large": ("plain", "infeasible"),
    },
)
