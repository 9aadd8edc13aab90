"""Workforce scheduling: how many people start when, so that every part of the day or week is staffed at least cost.

Small is a round-the-clock rota of four to six blocks in which everybody works two blocks in a row.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from ...feasibility.language.formulation import Variable
from .algebra import Written, codes, flat, identifier, indexed, linear, matrix, scalar, vector
from .drawing import Draft, Drawing, Family, finished
from .prose import Voice, article, capitalized
from .shape import describe

_PLACES = (
    ("hospital ward", "nurse", "nurses"), ("call centre", "agent", "agents"), ("fire station", "firefighter", "firefighters"),
    ("metro line", "driver", "drivers"), ("airport gate", "guard", "guards"), ("bakery chain", "baker", "bakers"),
    ("hotel reception", "clerk", "clerks"), ("post depot", "sorter", "sorters"), ("data centre", "technician", "technicians"),
    ("supermarket", "cashier", "cashiers"), ("ferry port", "deckhand", "deckhands"), ("toll plaza", "collector", "collectors"),
)  # fmt: skip
_ASIDES = (
    "The [canteen|coffee machine] [was replaced|broke down] in {month} {year}",
    "{some} [applications|letters] [arrived|came in] [last {month}|in {year}]",
    "[Uniforms|Badges] cost {sum} [last year|in {year}] and are [paid for|not part of this]",
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class _Instance:
    place: tuple[str, str, str]
    slots: tuple[str, ...]
    """Blocks of the day, days, or codes."""
    shifts: tuple[str, ...]
    covers: tuple[tuple[int, ...], ...]
    """covers[s][k]: 1 when shift s works in slot k."""
    need: tuple[int, ...]
    cost: tuple[int, ...]
    run: int
    """Slots in a row that one shift works."""
    people: int | None = None


def _instance(drawing: Drawing) -> _Instance:
    numbers = drawing.numbers
    place = numbers.pick(_PLACES)
    count = drawing.one_of(numbers.pick((4, 6)), 7, numbers.pick((24, 28, 36)))
    run = drawing.one_of(2, numbers.between(3, 5), 8)
    if drawing.size == "small":
        width = 24 // count
        start = numbers.pick((0, 2, 6))
        edges = [(start + k * width) % 24 for k in range(count + 1)]
        slots: tuple[str, ...] = tuple(f"{a:02}:00-{b:02}:00" for a, b in pairwise(edges))
    else:
        slots = _DAYS if drawing.size == "medium" else tuple(codes("h", count))
    starts = range(count) if drawing.size != "large" else [numbers.below(count) for _ in range(2 * count)]
    lengths = [run if drawing.size != "large" else numbers.between(5, 9) for _ in starts]
    if drawing.size == "large":
        starts = [*range(0, count, 4), *list(starts)[: len(starts) - len(range(0, count, 4))]]
    covers = tuple(
        tuple(int((k - first) % count < length) for k in range(count))
        for first, length in zip(starts, lengths, strict=True)
    )
    need = tuple(numbers.between(3, 20) for _ in range(count))
    flat_pay = numbers.chance(0.5) and drawing.size != "large"
    pay = numbers.between(12, 30) * 10
    cost = tuple(pay if flat_pay else pay + numbers.between(0, 12) * 5 for _ in covers)
    shifts = slots if drawing.size != "large" else tuple(codes("s", len(covers)))
    made = _Instance(place, slots, tuple(shifts), covers, need, cost, run)
    return made if drawing.is_a("plain") else _changed(drawing, made)


def _changed(drawing: Drawing, made: _Instance) -> _Instance:
    change = drawing.change
    longest = max(map(sum, made.covers))
    least = -(-sum(made.need) // longest)
    if drawing.is_a("infeasible"):
        return replace(made, people=max(1, least - change.between(1, max(1, least // 3))))
    if drawing.is_a("redundant", "sometimes"):
        # No limit follows from needs that are lower bounds, so what is never broken is a floor, not a ceiling.
        return replace(made, people=-max(1, least - change.between(0, 2)) if drawing.is_a("redundant") else least * 2)
    k = change.below(len(made.need))
    kind = change.pick(("need", "need", "cost"))
    if kind == "cost" and len(set(made.cost)) > 1:
        return replace(made, cost=tuple(c + change.between(2, 6) * 5 if s == k else c for s, c in enumerate(made.cost)))
    return replace(made, need=tuple(n + change.between(2, 6) if s == k else n for s, n in enumerate(made.need)))


def _limit(made: _Instance) -> tuple[str, int] | None:
    """The row on all people together: a ceiling, or (stored negative) a floor."""
    if made.people is None:
        return None
    return (">=", -made.people) if made.people < 0 else ("<=", made.people)


def _draft(drawing: Drawing) -> Draft:
    made = _instance(drawing)
    voice = Voice.of(drawing)
    draft = _flat(made) if drawing.size == "small" else _indexed(drawing, voice, made)
    text = _tell(drawing, voice, made, draft.text)
    marked = ("staff",) if drawing.is_a("redundant", "sometimes") else ()
    return finished(drawing, draft, text, voice.currency.plural, marked)


def _flat(made: _Instance) -> Draft:
    names = [f"start_{slot[:2]}" for slot in made.slots]
    rows: dict[str, Written] = {}
    for k, slot in enumerate(made.slots):
        terms = [(made.covers[s][k], name) for s, name in enumerate(names)]
        rows[f"block_{slot[:2]}"] = f"{linear(terms)} >= {made.need[k]}"
    limit = _limit(made)
    if limit:
        rows["staff"] = f"{linear([(1, name) for name in names])} {limit[0]} {limit[1]}"
    goal = linear(list(zip(made.cost, names, strict=True)))
    units = dict.fromkeys(names, made.place[2])
    return Draft("", flat(dict.fromkeys(names, "integer"), "minimize", goal, rows), units=units)


def _indexed(drawing: Drawing, voice: Voice, made: _Instance) -> Draft:
    words = drawing.words
    shifts, slots = [identifier(s) for s in made.shifts], [identifier(s) for s in made.slots]
    s, t = words.pick((("S", "T"), ("shifts", "slots"), ("patterns", "times"), ("J", "D")))
    covers, need, cost, hire = words.pick(
        (("covers", "need", "cost", "staff"), ("works", "required", "wage", "x"), ("a", "r", "c", "n"))
    )
    if drawing.size == "medium":  # shift and slot have the same names: the day on which the shift starts
        slots = [f"on_{name}" for name in slots]
    parameters = {
        covers: matrix(s, t, shifts, slots, made.covers),
        need: vector(t, slots, made.need),
        cost: vector(s, shifts, made.cost),
    }
    rows: dict[str, Written] = {"cover": (f"k in {t}", f"sum({covers}[i,k]*{hire}[i] for i in {s}) >= {need}[k]")}
    limit = _limit(made)
    meanings = {
        covers: "[1 when a shift works in a slot, 0 when not|1 where a shift covers the slot, else 0|whether a shift is on duty in a slot (1) or not (0)|1 = the slot belongs to the shift, 0 = it does not]",
        need: f"[the {made.place[2]} needed in a slot|how many {made.place[2]} a slot takes at least|least number of {made.place[2]} in a slot|minimum staffing of a slot]",
        cost: f"[{voice.currency.plural} for one person on a shift|what one person on a shift is paid, in {voice.currency.plural}|wage of a shift ({voice.currency.plural})|pay in {voice.currency.plural} for working a shift]",
    }
    if limit:
        size: object = limit[1]
        if drawing.size == "large":
            parameters["people"] = scalar(limit[1])
            size = "people"
            meanings["people"] = f"the {'most' if limit[0] == '<=' else 'fewest'} people there may be in all"
        rows["staff"] = f"sum({hire}[i] for i in {s}) {limit[0]} {size}"
    reference, data = indexed(
        drawing, {s: shifts, t: slots}, parameters, {hire: Variable("integer", 0, index=(s,))}, "minimize",
        f"sum({cost}[i]*{hire}[i] for i in {s})", rows,
    )  # fmt: skip
    shape = ""
    if drawing.size == "large":
        shape = describe(voice, data, {s: "the shifts", t: "the slots to be staffed"}, meanings)
    return Draft(shape, reference, data, units={hire: made.place[2]})


def _tell(drawing: Drawing, voice: Voice, made: _Instance, shape: str) -> str:
    place, one, many = made.place
    opening = voice.say(
        "{a_place} in {town} [draws up|is drawing up] a [rota|roster] for its {many}",
        "{person} [plans|schedules] the {many} of {a_place}",
        "[How many|What number of] {many} does {a_place} need? [That varies|It depends on the time]",
        "The {place} in {town} must never be [short of {many}|understaffed]",
        "[At|In] our {place}, {many} are [assigned to|put on] fixed shifts",
        a_place=article(place), place=place, town=voice.town, person=voice.person, many=many,
    )  # fmt: skip
    facts: dict[str, str] = {}
    if drawing.size == "large":
        facts["rule"] = voice.say(
            "In every slot, those on the shifts that [work|are on duty] then must be at least as many as [are needed|the need says]",
            "[A slot is staffed|Needs are met] by everybody whose shift [covers|includes] the slot; more than needed is [fine|allowed]",
        )
        facts["table"] = shape
    else:
        slot = "block" if drawing.size == "small" else "day"
        facts["run"] = voice.say(
            "[Every|Each] {one} works {run} {slot}s in a row and [then is off|goes home], [round the clock|with no break in the cycle]"
            if drawing.size == "small" else
            "[Every|Each] {one} works {run} {slot}s in a row, starting on any day, and [then is off for the rest of the week|the week repeats]",
            "A shift is {run} [consecutive|successive] {slot}s, and it may [begin|start] with any {slot}; [after the last one comes the first again|the cycle repeats]",
            one=one, run=voice.number(made.run), slot=slot,
        )  # fmt: skip
        facts |= _needs(drawing, voice, made) | _pay(voice, made)
        limit = _limit(made)
        if limit:
            low = limit[0] == ">="
            facts["limit"] = voice.say(
                "[By agreement|The contract says that], at least {n} [must|have to] be [employed|on the rota]" if low
                else "[At most|No more than] {n} [can be hired|are to be had] in all",
                "The rota must [give work to|include] {n} or more" if low else "{n} in all: more [are not available|cannot be found]",
                n=voice.count(limit[1], one, many),
            )  # fmt: skip
    if drawing.size == "large" and _limit(made):
        facts["limit"] = voice.say("The number of all people together is limited too, as the data say")
    question = voice.say(
        "How many should [start|begin] [in each {slot}|each time] [so that|for] the [wage bill|payroll] [is smallest|is as low as possible]?"
        .replace("[so that|for]", "so that"),
        "[Find|Set up] the [cheapest|least costly] [rota|roster] that [covers|meets] all needs",
        "[What|Which] [staffing|rota] [costs least|is cheapest]?",
        "Staff it [at the lowest cost|as cheaply as possible], with whole people of course",
        slot={"small": "block", "medium": "day", "large": "shift"}[drawing.size],
    )  # fmt: skip
    asides = voice.distractors(voice.words.below(3), *_ASIDES)
    return voice.compose(opening, facts, question, asides, last=("table",) if "table" in facts else ())


def _needs(drawing: Drawing, voice: Voice, made: _Instance) -> dict[str, str]:
    many = made.place[2]
    if drawing.size == "medium" or voice.words.chance(0.4):
        heads = ["day" if drawing.size == "medium" else "block", f"{many} needed"]
        rows = [[slot, voice.digits(n)] for slot, n in zip(made.slots, made.need, strict=True)]
        lead = voice.say(
            "[Needed|The needs] are:", "[The least number|Minimum staffing]:", "[What it takes|Requirements]:"
        )
        return {"table": f"{lead}\n{voice.table(heads, rows)}"}
    pieces = [f"{voice.number(n)} {'from' if k == 0 else 'in'} {slot}" if voice.larger_units else f"{slot}: {voice.number(n)}"
              for k, (slot, n) in enumerate(zip(made.slots, made.need, strict=True))]  # fmt: skip
    return {
        "need": voice.say(
            "[At least|No fewer than] so many {many} are needed: {pieces}", "[The|These] minimum numbers of {many}: {pieces}",
            "{pieces} - [that is how many {many} must be there|fewer {many} will not do]",
            many=many, pieces="; ".join(pieces) if voice.words.chance(0.5) else voice.listing(pieces),
        )
    }  # fmt: skip


def _pay(voice: Voice, made: _Instance) -> dict[str, str]:
    one = made.place[1]
    if len(set(made.cost)) == 1:
        return {
            "pay": voice.say(
                "{a_one} costs {pay}, whenever the shift [starts|begins]", "[Pay|The wage] is {pay} a shift for everybody",
                a_one=capitalized(article(one)), pay=voice.money(made.cost[0]),
            )
        }  # fmt: skip
    when = [f"{voice.money(c)} when it starts {'at ' + slot[:5] if ':' in slot else 'on ' + slot}"
            for slot, c in zip(made.shifts, made.cost, strict=True)]  # fmt: skip
    return {
        "pay": voice.say(
            "A shift [costs|is paid with] {when}",
            "[Pay|The pay] depends on the start: {when}",
            when=voice.listing(when),
        )
    }


FAMILY = Family(
    "workforce",
    "how many people start which shift so that every slot is staffed at least cost",
    _draft,
    {
        "small": ("plain", "infeasible", "redundant", "sometimes", "twin"),
        "medium": ("plain", "infeasible", "redundant", "sometimes", "twin"),
        "large": ("plain", "infeasible", "redundant"),
    },
)
