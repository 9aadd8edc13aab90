"""Bin packing: everything into containers of several kinds at the lowest cost."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...feasibility.language.formulation import Variable
from .algebra import Written, codes, flat, identifier, indexed, linear, vector
from .drawing import Draft, Drawing, Family, all_sizes, finished
from .prose import Voice
from .shape import describe


@dataclass(frozen=True, slots=True)
class _Story:
    thing: tuple[str, str]
    bin: tuple[str, str]
    things: tuple[tuple[str, str], ...]
    bins: tuple[str, ...]
    unit: tuple[str, str]
    openings: tuple[str, ...]
    asides: tuple[str, ...]


_STORIES = (
    _Story(("piece", "pieces"), ("truck", "trucks"), (("piano", "pianos"), ("sofa", "sofas"), ("fridge", "fridges"), ("wardrobe", "wardrobes"), ("desk", "desks"), ("bed", "beds")),
           ("red truck", "blue truck", "old lorry", "white van", "trailer", "flatbed"), ("cubic metre", "cubic metres"),
           ("A [removal|moving] firm in {town} has to move {things} with {bins}", "{boss} moves house for a client: {things} go into {bins}"), ("Blankets cost {sum} and are [at hand|paid for]",)),
    _Story(("file", "files"), ("disk", "disks"), (("film", "films"), ("backup", "backups"), ("album", "albums"), ("game", "games"), ("database", "databases"), ("archive", "archives")),
           ("disk Alpha", "disk Beta", "disk Gamma", "disk Delta", "disk Kappa", "disk Omega"), ("gigabyte", "gigabytes"),
           ("{boss} copies {things} to rented disks ({bins})", "[Files to store|To be stored]: {things}; disks for rent: {bins}"), ("The [printer|scanner] was bought in {year}",)),
    _Story(("job", "jobs"), ("server", "servers"), (("training run", "training runs"), ("simulation", "simulations"), ("render", "renders"), ("index build", "index builds"), ("web crawl", "web crawls"), ("report", "reports")),
           ("server one", "server two", "server three", "server four", "server five", "server six"), ("gigabyte of memory", "gigabytes of memory"),
           ("A lab runs {things} at the same time on {bins}", "{things} must run tonight, on {bins}"), ("A fan [was|has been] replaced in {month}",)),
    _Story(("crate", "crates"), ("lift ride", "lift rides"), (("crate of tiles", "crates of tiles"), ("bag of sand", "bags of sand"), ("door", "doors"), ("radiator", "radiators"), ("bathtub", "bathtubs"), ("window", "windows")),
           ("first crane", "second crane", "goods lift", "rope hoist", "mobile crane", "roof winch"), ("cubic foot", "cubic feet"),
           ("{things} have to go up [a tower in {town}|to the roof], with one trip each of {bins}", "On a site in {town}, {things} are lifted by {bins}, each used once at most"), ("The tower has {some} [windows|steps]",)),
    _Story(("vehicle", "vehicles"), ("ferry", "ferries"), (("bus", "buses"), ("car", "cars"), ("camper", "campers"), ("tractor", "tractors"), ("ambulance", "ambulances"), ("tanker", "tankers")),
           ("ferry Aurora", "ferry Boreas", "ferry Calypso", "ferry Delfin", "ferry Elster", "ferry Fram"), ("metre of deck", "metres of deck"),
           ("{things} wait at the pier; {bins} could sail", "The last crossing for {things}: {bins} [can be sent|are available]"), ("The ticket office sold {some} ice creams",)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Instance:
    story: _Story
    things: tuple[tuple[str, str], ...]
    bins: tuple[str, ...]
    count: tuple[int, ...]
    size: tuple[int, ...]
    room: tuple[int, ...]
    fee: tuple[int, ...]
    least: int | None = None
    banned: tuple[int, int] | None = None
    """A kind of thing that may not go into this container."""


def _instance(drawing: Drawing) -> _Instance:
    numbers = drawing.numbers
    story = numbers.pick(_STORIES)
    kinds, bins = drawing.one_of(
        (numbers.pick((1, 2, 2)), 2),
        (numbers.between(3, 5), numbers.between(3, 5)),
        (numbers.between(60, 110), numbers.between(5, 8)),
    )
    if kinds == 1 and drawing.size == "small" and numbers.chance(0.7):
        bins = 3
    if drawing.size == "large":
        things = tuple((code, code) for code in codes("k", kinds))
        names = tuple(codes("b", bins))
    else:
        things = tuple(numbers.sample(story.things, kinds))
        names = tuple(numbers.sample(story.bins, bins))
    size = tuple(numbers.distinct(2, 9, kinds)) if kinds < 8 else tuple(numbers.between(1, 9) for _ in range(kinds))
    count = tuple(numbers.between(2, 8) for _ in things)
    total = sum(c * s for c, s in zip(count, size, strict=True))
    room = tuple(
        max(
            max(size),
            total * numbers.between(*drawing.one_of((55, 95), (60, 150), (110, 170))) // (100 * max(1, bins - 1))
            + max(size),
        )
        for _ in names
    )
    fee = tuple(numbers.between(30, 150, 5) for _ in names)
    return _changed(drawing, _Instance(story, things, names, count, size, room, fee))


def _changed(drawing: Drawing, made: _Instance) -> _Instance:
    change = drawing.change
    i, b = change.below(len(made.things)), change.below(len(made.bins))
    total = sum(c * s for c, s in zip(made.count, made.size, strict=True))
    if drawing.is_a("infeasible"):
        room = tuple(max(1, total * change.between(50, 85) // (100 * len(made.bins))) for _ in made.bins)
        return replace(made, room=room)
    if drawing.is_a("redundant"):
        return replace(made, least=1)
    if drawing.is_a("sometimes"):
        return replace(made, banned=(i, b))
    if drawing.is_a("twin"):
        kind = change.pick(("fee", "room", "count", "banned")) if drawing.size != "large" else "least"
        if kind == "fee":
            return replace(
                made,
                fee=tuple(max(5, f + change.pick((-20, -10, 15, 25))) if k == b else f for k, f in enumerate(made.fee)),
            )
        if kind == "room":
            return replace(
                made, room=tuple(r * change.between(60, 85) // 100 if k == b else r for k, r in enumerate(made.room))
            )
        if kind == "count":
            return replace(
                made,
                count=tuple(max(1, c + change.pick((-2, -1, 1, 2))) if k == i else c for k, c in enumerate(made.count)),
            )
        return (
            replace(made, banned=(i, b)) if kind == "banned" else replace(made, least=change.between(2, len(made.bins)))
        )
    return made


def _limit_facts(voice: Voice, made: _Instance, large: bool) -> dict[str, str]:
    """What fits where, and how many must be used."""
    story = made.story
    facts: dict[str, str] = {}
    if made.banned:
        kind, place = made.banned
        facts["banned"] = voice.say(
            "{b} [cannot|may not] take any {t}",
            "[No|Not a single] {t} [fits into|goes in] {b}",
            "For {t} {b} is [not suitable|ruled out]",
            b=made.bins[place] if large else _the(made.bins[place]),
            t=f"of {made.things[kind][1]}" if large else made.things[kind][1],
        )
    if made.least is not None:
        facts["least"] = voice.say(
            "[At least|No fewer than] {n} {b} [must|has to] be used"
            if made.least == 1
            else "[At least|No fewer than] {n} {b} [must|have to] be used",
            n=voice.number(made.least),
            b=story.bin[0] if made.least == 1 else story.bin[1],
        )
    return facts


def _table_facts(voice: Voice, made: _Instance) -> dict[str, str]:
    """Bins as a table, sizes in words."""
    story = made.story
    facts: dict[str, str] = {}
    lead = voice.say(
        "[The|All] {b}, with room ({u}) and [price|cost] ({m}):",
        "[What|This is what] the {b} [hold|take] ({u}) and cost ({m}):",
        b=story.bin[1],
        u=story.unit[1],
        m=voice.currency.plural,
    )
    rows = [[b, voice.digits(r), voice.digits(f)] for b, r, f in zip(made.bins, made.room, made.fee, strict=True)]
    facts["table"] = f"{lead}\n{voice.table([story.bin[0], 'room', 'price'], rows)}"
    sizes = voice.listing(
        [f"{voice.count(s, *story.unit)} for each {t[0]}" for s, t in zip(made.size, made.things, strict=True)]
    )
    facts["size"] = voice.say(
        "[Count|Reckon] {s}",
        "[They take up|The loads are] {s}",
        "{s}: that is [how much goes in|the space needed]",
        s=sizes,
    )
    return facts


def _tell(drawing: Drawing, voice: Voice, made: _Instance, shape: str) -> str:
    story, large = made.story, drawing.size == "large"
    if large:
        opening = voice.say(
            "{a} [kinds|sorts] of {t} must be [divided|split] among {b} {bins}", "{boss} [has|rents] up to {b} {bins} for {a} kinds of {t}", "[There are|Think of] {b} {bins} and {a} kinds of {t}, several of each kind",
            a=len(made.things), b=len(made.bins), t=story.thing[1], bins=story.bin[1], boss=voice.person,
        )  # fmt: skip
    else:
        things = voice.listing([voice.count(c, *t) for c, t in zip(made.count, made.things, strict=True)])
        opening = voice.say(
            *story.openings,
            boss=voice.person,
            town=voice.town,
            things=things,
            bins=voice.listing([_the(b) for b in made.bins]),
        )
    facts: dict[str, str] = {}
    if large:
        facts["table"] = shape
        facts["rule"] = voice.say(
            "A {b} [costs nothing|is free of charge] unless it is used, and [no {b} may be overfilled|its room is limited]",
            "[Each|Every] {b} is paid once if anything goes into it; [everything must go somewhere|nothing is left behind]",
            b=story.bin[0],
        )
    elif drawing.size == "medium":
        facts |= _table_facts(voice, made)
    else:
        for k, (one, _) in enumerate(made.things):
            facts[f"size{k}"] = voice.say(
                "[Each|Every] {t} [takes|counts for|needs] {s}",
                "One {t} means {s}",
                "{s} per {t}",
                t=one,
                s=voice.count(made.size[k], *story.unit),
            )
        for k, name in enumerate([_the(bin_) for bin_ in made.bins]):
            facts[f"bin{k}"] = voice.say(
                "{b} [holds|takes] {r} and costs {f} [if used|once it is used]", "[Using|Taking] {b} costs {f}; it [has room for|offers] {r}", "{f} [pays for|is the price of] {b} ({r})", "{b}: {r} at most, {f} [flat|in all]",
                b=name, r=voice.count(made.room[k], *story.unit), f=voice.money(made.fee[k]),
            )  # fmt: skip
        if voice.words.chance(0.6):
            facts["all"] = voice.say(
                "[Everything|All of it] has to be [placed|taken]", "Nothing [may be|is] left behind"
            )
    facts |= _limit_facts(voice, made, large)
    question = voice.say(
        "[Which|What] {b} should be [used|paid for], and what goes where, to spend the least?", "[Find|Make] the cheapest [loading plan|arrangement]", "How can everything be [placed|stowed] at the lowest [total|overall] cost?",
        "[What is|Find] the [lowest|smallest] bill for the {b}[, and the loading that goes with it|]?" if voice.words.chance(0.5) else "Spend as little as possible on {b}: how?", b=story.bin[1],
    )  # fmt: skip
    asides = voice.distractors(voice.words.below(3), *story.asides)
    return voice.compose(opening, facts, question, asides, last=("table",) if "table" in facts else ())


def _the(name: str) -> str:
    """``the red truck``, but ``disk A`` and ``server one``: names stand alone."""
    return name if name.startswith(("disk ", "server ")) else f"the {name}"


def _short(name: str) -> str:
    """The telling word: ``blue_truck`` is ``blue``, ``disk_a`` is ``a``, ``ferry_aurora`` is ``aurora``."""
    words = name.split("_")
    return words[-1] if words[0] in ("disk", "server", "ferry") else words[0]


def _flat_reference(made: _Instance) -> Draft:
    things = [identifier(t[1]) for t in made.things]
    rows: dict[str, Written] = {}
    bins = [_short(identifier(b)) for b in made.bins]
    name = {(i, b): f"{t}_{bin_}" for i, t in enumerate(things) for b, bin_ in enumerate(bins)}
    used = [f"use_{b}" for b in bins]
    for i, t in enumerate(things):
        rows[t] = f"{linear([(1, name[i, b]) for b in range(len(bins))])} == {made.count[i]}"
    for b, bin_ in enumerate(bins):
        rows[bin_] = f"{linear([(made.size[i], name[i, b]) for i in range(len(things))])} <= {made.room[b]}*{used[b]}"
    if made.banned:
        rows["banned"] = f"{name[made.banned]} == 0"
    if made.least is not None:
        rows["least"] = f"{linear([(1, u) for u in used])} >= {made.least}"
    units = (
        {n: made.things[i][1] for (i, _), n in name.items()}
        | dict.fromkeys(used, "yes or no")
        | dict.fromkeys(bins, made.story.unit[1])
    )
    return Draft(
        "",
        flat(
            {**dict.fromkeys(used, "binary"), **dict.fromkeys(name.values(), "integer")},
            "minimize",
            linear(list(zip(made.fee, used, strict=True))),
            rows,
        ),
        units=units,
    )


def _reference(drawing: Drawing, voice: Voice, made: _Instance) -> Draft:
    things, bins = [identifier(t[1]) for t in made.things], [identifier(b) for b in made.bins]
    rows: dict[str, Written] = {}
    if drawing.size == "small":
        return _flat_reference(made)
    pick = drawing.words.pick
    t, b_ = pick((("K", "B"), ("kinds", "bins"), ("I", "J"), ("things", "containers")))
    count, size, room, fee, put, used_ = pick(
        (
            ("count", "size", "room", "fee", "put", "used"),
            ("n", "w", "c", "f", "x", "y"),
            ("pieces", "load", "capacity", "price", "packed", "hired"),
        )
    )
    rows["all_placed"] = (f"i in {t}", f"sum({put}[i,j] for j in {b_}) == {count}[i]")
    rows["fits"] = (f"j in {b_}", f"sum({size}[i]*{put}[i,j] for i in {t}) <= {room}[j]*{used_}[j]")
    if made.banned:
        rows["banned"] = f"{put}[{things[made.banned[0]]},{bins[made.banned[1]]}] == 0"
    if made.least is not None:
        rows["least"] = f"sum({used_}[j] for j in {b_}) >= {made.least}"
    reference, data = indexed(
        drawing, {t: things, b_: bins}, {count: vector(t, things, made.count), size: vector(t, things, made.size), room: vector(b_, bins, made.room), fee: vector(b_, bins, made.fee)},
        {put: Variable("integer", 0, index=(t, b_)), used_: Variable("binary", index=(b_,))}, "minimize", f"sum({fee}[j]*{used_}[j] for j in {b_})", rows,
    )  # fmt: skip
    one, many = made.story.thing
    meanings = {
        count: f"how many {many} of a kind there are", size: f"{made.story.unit[1]} that one {one} of a kind takes",
        room: f"{made.story.unit[1]} that one of the {made.story.bin[1]} holds", fee: f"price in {voice.currency.plural} of one of the {made.story.bin[1]}",
    }  # fmt: skip
    units = {put: many, used_: "yes or no", "fits": made.story.unit[1]}
    shape = (
        describe(voice, data, {t: f"the kinds of {many}", b_: f"the {made.story.bin[1]}"}, meanings)
        if drawing.size == "large"
        else ""
    )
    return Draft(shape, reference, data, units=units)


def _draft(drawing: Drawing) -> Draft:
    made = _instance(drawing)
    voice = Voice.of(drawing)
    draft = _reference(drawing, voice, made)
    text = _tell(drawing, voice, made, draft.text)
    marked = {"redundant": ("least",), "sometimes": ("banned",)}.get(drawing.variant, ())
    return finished(drawing, draft, text, voice.currency.plural, marked)


FAMILY = Family(
    "bin-packing",
    "everything into containers of several kinds at the lowest cost",
    _draft,
    all_sizes("infeasible", "redundant", "sometimes", "twin"),
)
