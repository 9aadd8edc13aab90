"""Knapsack: which things to take along when room is limited in one or several ways."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...feasibility.language.formulation import Variable
from .algebra import Written, codes, flat, identifier, indexed, linear, matrix, vector
from .drawing import Draft, Drawing, Family, all_sizes, finished
from .prose import Voice, article
from .shape import describe


@dataclass(frozen=True, slots=True)
class _Story:
    things: tuple[str, ...]
    limits: tuple[tuple[str, str, str], ...]
    worth: tuple[str, str, str]
    """What is gained: noun, unit singular and plural (empty units: money)."""
    openings: tuple[str, ...]
    container: str
    asides: tuple[str, ...]


_STORIES = (
    _Story(("tent", "stove", "rope", "lantern", "first-aid kit", "water filter", "camera", "guitar", "telescope", "hammock", "saw", "raft"),
           (("weight", "kilogram", "kilograms"), ("volume", "litre", "litres")), ("usefulness", "point", "points"),
           ("{boss} packs for a trek [near|above] {town} and [hesitates over|thinks about] {things}", "[One rucksack|A single rucksack], and so much to take: {things}",
            "A hiker [rated|has rated] {things} by usefulness"), "rucksack", ("The hut [serves|has] {some} [beds|guests]",)),
    _Story(("spectrometer", "magnetometer", "star tracker", "seismic probe", "laser altimeter", "dust counter", "radio beacon", "infrared camera", "gamma detector", "drill", "plasma probe", "radar"),
           (("mass", "kilogram", "kilograms"), ("power", "watt", "watts"), ("data rate", "kilobit", "kilobits")), ("scientific value", "point", "points"),
           ("A space probe [can carry|has room for] some of these instruments: {things}", "[Which instruments fly|What flies] [is still to be decided|is open]; the candidates are {things}",
            "The science team of {boss} [proposes|wants to fly] {things}"), "probe", ("The launch [was|has been] moved to {month}",)),
    _Story(("violin", "oil painting", "vase", "clock", "carpet", "statue", "chandelier", "writing desk", "tapestry", "coin collection", "mirror", "globe"),
           (("weight", "kilogram", "kilograms"), ("space", "cubic decimetre", "cubic decimetres")), ("resale value", "", ""),
           ("An antiques dealer drives to a fair in {town} with [one|a single] van and could load {things}", "{boss} has bought {things} at an auction and the van goes [only once|just once]",
            "For the fair in {town}, the dealer [can choose from|picks among] {things}"), "van", ("The fair [opened|began] in {year}",)),
    _Story(("heart documentary", "quiz show", "football match", "cooking hour", "old film", "concert", "debate", "travel report", "cartoon", "science magazine", "chess final", "comedy"),
           (("air time", "minute", "minutes"), ("staff", "shift", "shifts")), ("audience", "thousand viewers", "thousand viewers"),
           ("A TV station fills the evening from {things}", "[Programme planning|The schedule] at a channel in {town}: {things} are on offer", "{boss} [must|can] choose among {things} for Saturday's [programme|schedule]"),
           "evening", ("The [studio|mast] was [built|moved] in {year}",)),
    _Story(("crate of saffron", "bale of silk", "barrel of honey", "chest of tea", "box of spices", "roll of linen", "cask of wine", "sack of coffee", "case of glass", "load of copper", "jar of oil", "pack of furs"),
           (("weight", "kilogram", "kilograms"), ("space", "cubic decimetre", "cubic decimetres")), ("profit", "", ""),
           ("A small [boat|plane] leaves {town} and may carry {things}", "{boss} [trades|deals] by boat; waiting on the quay are {things}", "On the quay of {town} stand {things}"),
           "hold", ("The [harbour|lighthouse] has {some} [steps|berths]",)),
    _Story(("night shift survey", "wind study", "school garden", "river clean-up", "oral history", "bird census", "repair cafe", "soil mapping", "street theatre", "bee project", "radio play", "tool library"),
           (("volunteers", "person", "people"), ("grant", "coupon", "coupons")), ("benefit", "point", "points"),
           ("A foundation [in {town}|led by {boss}] can support some of: {things}", "{things} have [applied|asked] for support", "The jury [scored|has scored] {things}"),
           "programme", ("The jury [met|dined] {some} times since {year}",)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Instance:
    story: _Story
    things: tuple[str, ...]
    limits: tuple[tuple[str, str, str], ...]
    worth: tuple[int, ...]
    load: tuple[tuple[int, ...], ...]
    """load[i][k]: what thing i takes of limit k."""
    room: tuple[int, ...]
    must: tuple[int, ...] = ()
    clash: tuple[int, int] | None = None


def _instance(drawing: Drawing) -> _Instance:
    numbers = drawing.numbers
    story = numbers.pick(_STORIES)
    count = drawing.one_of(numbers.between(3, 6), numbers.between(8, 12), numbers.between(200, 400))
    kinds = min(len(story.limits), drawing.one_of(numbers.between(1, 2), numbers.between(1, 3), numbers.between(1, 2)))
    if drawing.is_a("redundant"):
        kinds = 2
    things = tuple(codes("t", count)) if drawing.size == "large" else tuple(numbers.sample(story.things, count))
    limits = tuple(numbers.sample(story.limits, kinds))
    step = numbers.pick((1, 1, 5))
    load = tuple(tuple(step * numbers.between(1, 20) for _ in limits) for _ in things)
    worth = tuple(numbers.between(3, 60) for _ in things)
    room = tuple(
        max(max(line[k] for line in load), sum(line[k] for line in load) * numbers.between(40, 65) // 100)
        for k in range(kinds)
    )
    return _changed(drawing, _Instance(story, things, limits, worth, load, room))


def _changed(drawing: Drawing, made: _Instance) -> _Instance:
    change = drawing.change
    count = len(made.things)
    i = change.below(count)
    j = (i + 1 + change.below(count - 1)) % count
    total = [sum(line[k] for line in made.load) for k in range(len(made.limits))]
    if drawing.is_a("infeasible"):
        must = tuple(sorted(change.sample(range(count), min(count, 3 if drawing.size != "large" else 5))))
        asked = sum(made.load[k][0] for k in must)
        return replace(made, must=must, room=(max(1, asked - change.between(1, 4)), *made.room[1:]))
    if drawing.is_a("redundant"):
        return replace(made, room=(made.room[0], total[1] + change.between(0, 10)))
    if drawing.is_a("sometimes"):
        return replace(made, clash=(i, j))
    if drawing.is_a("twin"):
        kind = change.pick(("worth", "room", "clash")) if drawing.size != "large" else "must"
        if kind == "worth":
            return replace(
                made, worth=tuple(v + change.between(4, 20) if k == i else v for k, v in enumerate(made.worth))
            )
        if kind == "room":
            return replace(made, room=(max(1, made.room[0] * change.between(70, 90) // 100), *made.room[1:]))
        return replace(made, clash=(i, j)) if kind == "clash" else replace(made, must=(i,))
    return made


def _worth(voice: Voice, made: _Instance, value: int) -> str:
    return voice.count(value, *made.story.worth[1:]) if made.story.worth[1] else voice.money(value)


def _tell(drawing: Drawing, voice: Voice, made: _Instance, shape: str) -> str:
    story, large = made.story, drawing.size == "large"
    things = (
        f"{len(made.things)} things"
        if large
        else voice.listing([f"the {thing}" if voice.thousands else article(thing) for thing in made.things])
    )
    opening = voice.say(*story.openings, boss=voice.person, town=voice.town, things=things)
    facts: dict[str, str] = {}
    if large:
        facts["table"] = shape
        facts["rule"] = voice.say(
            "[A thing|Each thing] is taken whole or [left|not at all], and [no limit may be exceeded|all limits hold]",
            "[Nothing can be split|One cannot take half a thing]; the [limits|totals] are [strict|hard]",
        )
    else:
        for k, (name, *unit) in enumerate(made.limits):
            facts[f"room{k}"] = voice.say(
                "[The|That] {c} [takes|allows] {n} of {name}", "{name}: [not over|up to] {n}", "[At most|No more than] {n} of {name} [is|are] possible", "The limit on {name} is {n}",
                c=story.container, name=name, n=voice.count(made.room[k], *unit),
            )  # fmt: skip
        facts |= _thing_facts(voice, made, in_table=drawing.size == "medium")
        if drawing.size == "small" and voice.words.chance(0.5):
            facts["once"] = voice.say(
                "There is [just|only] one of each",
                "Each can be taken once [or left|] ",
                "[Nothing|None of it] can be [split|taken twice]",
            )
    the = "" if large else "the "
    if made.must:
        facts["must"] = voice.say(
            "{m} [must|have to] [come along|be included]", "[Not negotiable|Already promised]: {m}", "[Leaving out|Dropping] any of these is [not allowed|out of the question]: {m}",
            m=voice.listing([the + made.things[k] for k in made.must]),
        )  # fmt: skip
    if made.clash:
        facts["clash"] = voice.say(
            "{a} and {b} [exclude each other|cannot both be chosen]", "[Not both of|At most one of] {a} and {b} [may be taken|is possible]", "Whoever takes {a} cannot take {b}",
            a=the + made.things[made.clash[0]], b=the + made.things[made.clash[1]],
        )  # fmt: skip
    question = voice.say(
        "What [should be taken|goes in], if the [total|whole] {w} is to be as [large|high] as possible?", "[Choose|Pick] [so that|such that] the {w} [is highest in total|adds up to the most]",
        "[Which selection|Which choice] [has|brings] the [greatest|highest] {w}?", "[Maximise|Get the most out of] the {c}, [judged|counted] by {w}",
        w=story.worth[0], c=story.container,
    )  # fmt: skip
    asides = voice.distractors(voice.words.below(3), *story.asides)
    return voice.compose(opening, facts, question, asides, last=("table",) if "table" in facts else ())


def _thing_facts(voice: Voice, made: _Instance, *, in_table: bool) -> dict[str, str]:
    noun, _, plural = made.story.worth
    if in_table:
        lead = voice.say(
            "[The list|The candidates]:",
            "What each [takes|needs] and [brings|is worth]:",
            "[Figures|Numbers] [for each|one by one]:",
        )
        heads = [
            "candidate",
            *(f"{name} ({units})" for name, _, units in made.limits),
            f"{noun} ({plural or voice.currency.plural})",
        ]
        rows = [
            [thing, *(voice.digits(v) for v in made.load[i]), voice.digits(made.worth[i])]
            for i, thing in enumerate(made.things)
        ]
        return {"table": f"{lead}\n{voice.table(heads, rows)}"}
    if voice.words.chance(0.35):
        facts = {}
        worths = [f"{_worth(voice, made, made.worth[i])} for the {thing}" for i, thing in enumerate(made.things)]
        facts["worth"] = voice.say(
            "The {n} [is|counts]: {told}",
            "{told}: that is the {n}",
            "[In terms of|As to] {n}: {told}",
            n=noun,
            told=voice.listing(worths),
        )
        for k, (name, *unit) in enumerate(made.limits):
            loads = [f"{voice.count(made.load[i][k], *unit)} for the {thing}" for i, thing in enumerate(made.things)]
            facts[f"load{k}"] = voice.say(
                "[As to|Regarding] {n}, count {told}",
                "{n}: {told}",
                "The {n} [comes to|is] {told}",
                n=name,
                told=voice.listing(loads),
            )
        return facts
    facts = {}
    for i, thing in enumerate(made.things):
        load = voice.listing(
            [f"{voice.count(made.load[i][k], *unit)} of {name}" for k, (name, *unit) in enumerate(made.limits)]
        )
        facts[f"thing{i}"] = voice.say(
            "The {t} [takes|uses] {l} and [brings|counts] {w} ({n})", "{t}: {l}, {n} {w}", "[For|With] {l}, the {t} [gives|yields] {w} of {n}" if made.story.worth[1] else "[For|With] {l}, the {t} [gives|yields] {w}",
            "{w} [is what|is the {n}] the {t} [brings|stands for], [but|and] it [needs|takes] {l}" if voice.words.chance(0.5) else "Taking the {t} means {l} and {w}",
            t=thing, l=load, w=_worth(voice, made, made.worth[i]), n=noun,
        )  # fmt: skip
    return facts


def _reference(drawing: Drawing, voice: Voice, made: _Instance) -> Draft:
    names = [identifier(thing) for thing in made.things]
    rows: dict[str, Written] = {}
    if drawing.size == "small":
        for k, (limit, *_) in enumerate(made.limits):
            rows[identifier(limit)] = (
                f"{linear([(line[k], n) for line, n in zip(made.load, names, strict=True)])} <= {made.room[k]}"
            )
        rows |= {f"must_{names[k]}": f"{names[k]} == 1" for k in made.must}
        if made.clash:
            rows["clash"] = f"{names[made.clash[0]]} + {names[made.clash[1]]} <= 1"
        units = {**dict.fromkeys(names, "yes or no"), **{identifier(name): unit for name, _, unit in made.limits}}
        return Draft(
            "",
            flat(dict.fromkeys(names, "binary"), "maximize", linear(list(zip(made.worth, names, strict=True))), rows),
            units=units,
        )
    pick = drawing.words.pick
    t, k_ = pick((("T", "L"), ("things", "limits"), ("I", "K"), ("items", "dimensions"), ("Candidates", "Limits")))
    worth, load, room, take = pick(
        (("worth", "load", "room", "take"), ("v", "w", "c", "x"), ("value", "size", "capacity", "pick"))
    )
    kinds = [identifier(name) for name, *_ in made.limits]
    rows["fits"] = (f"k in {k_}", f"sum({load}[i,k]*{take}[i] for i in {t}) <= {room}[k]")
    rows |= {f"must_{names[k]}": f"{take}[{names[k]}] == 1" for k in made.must}
    if made.clash:
        rows["clash"] = f"{take}[{names[made.clash[0]]}] + {take}[{names[made.clash[1]]}] <= 1"
    reference, data = indexed(
        drawing, {t: names, k_: kinds}, {worth: vector(t, names, made.worth), load: matrix(t, k_, names, kinds, made.load), room: vector(k_, kinds, made.room)},
        {take: Variable("binary", index=(t,))}, "maximize", f"sum({worth}[i]*{take}[i] for i in {t})", rows,
    )  # fmt: skip
    meanings = {
        worth: f"{made.story.worth[0]} of a thing ({made.story.worth[2] or voice.currency.plural})",
        load: "[how much of a limit a thing uses up|what one thing takes of it|load of a thing]",
        room: "[how much a limit allows in total|the ceiling|room there is]",
    }
    if drawing.size != "large":
        return Draft("", reference, data, units={take: "yes or no"})
    return Draft(
        describe(voice, data, {t: "the things", k_: "the limits"}, meanings), reference, data, units={take: "yes or no"}
    )


def _draft(drawing: Drawing) -> Draft:
    made = _instance(drawing)
    voice = Voice.of(drawing)
    draft = _reference(drawing, voice, made)
    second = identifier(made.limits[1][0]) if len(made.limits) > 1 and drawing.size == "small" else ""
    text = _tell(drawing, voice, made, draft.text)
    marked = {"redundant": (second,), "sometimes": ("clash",)}.get(drawing.variant, ())
    return finished(drawing, draft, text, made.story.worth[2] or voice.currency.plural, marked)


FAMILY = Family(
    "knapsack",
    "which things to take when room is limited in one or several ways",
    _draft,
    {
        **all_sizes("infeasible", "sometimes", "twin"),
        "small": ("plain", "infeasible", "redundant", "sometimes", "twin"),
    },
)
