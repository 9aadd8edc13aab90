"""Traveling salesman: one round through all places, as short as possible.

Small is four places with the same distance both ways, where two legs at every place already make one round: six
binary variables and no subtour rows. Medium and large number the stops (Miller, Tucker and Zemlin, JACM 1960); large
stays at nine to eleven places, because proving a tour optimal is what takes time, not writing it down.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

from ...feasibility.language.formulation import Variable
from .algebra import Written, codes, flat, identifier, indexed, linear, matrix, scalar
from .drawing import Draft, Drawing, Family, finished
from .lexicon import TOWNS
from .prose import Voice
from .shape import describe

_TRIPS = (
    ("a salesman", "kilometres", "towns"), ("a milk truck", "minutes", "farms"), ("a museum courier", "kilometres", "galleries"),
    ("an inspector", "minutes", "wind turbines"), ("a drill", "millimetres", "holes"), ("a mobile library", "kilometres", "villages"),
    ("a band", "hours of driving", "venues"), ("a vet", "minutes", "stables"), ("a telescope", "seconds of turning", "stars"),
    ("a postwoman", "metres", "letter boxes"),
)  # fmt: skip
_SITES = {
    "farms": ("Oak Farm", "Hill Farm", "Lake Farm", "Mill Farm", "Rye Farm", "Moor Farm", "Vale Farm"),
    "holes": ("P1", "P2", "P3", "P4", "P5", "P6", "P7"),
    "wind turbines": ("T1", "T2", "T3", "T4", "T5", "T6", "T7"),
    "stars": ("Vega", "Deneb", "Altair", "Spica", "Rigel", "Capella", "Mira"),
    "letter boxes": ("Elm Street", "Dock Road", "Park Lane", "Church Hill", "High Street", "Canal Walk", "Mill Lane"),
    "stables": ("Ashgrove", "Brookside", "Cleve", "Dunmore", "Eastfield", "Foxhall", "Glebe"),
}
_ASIDES = (
    "A [navigation device|new map] [was bought|came] in {month} for {sum}",
    "[In {year}|Back in {year}] the round had {some} stops",
    "The [vehicle|equipment] was [serviced|checked] in {month} {year}",
)


@dataclass(frozen=True, slots=True)
class _Instance:
    trip: tuple[str, str, str]
    places: tuple[str, ...]
    distance: tuple[tuple[int, ...], ...]
    forbidden: tuple[tuple[int, int], ...] = ()
    longest: int | None = None
    """The most the whole round may measure."""


def _instance(drawing: Drawing) -> _Instance:
    numbers = drawing.numbers
    trip = numbers.pick(_TRIPS)
    count = drawing.one_of(4, numbers.between(5, 6), numbers.between(9, 11))
    if drawing.size == "large":
        places = tuple(codes("c", count))
    else:
        places = tuple(numbers.sample(_SITES.get(trip[2], TOWNS), count))
    spots = [(numbers.between(0, 60), numbers.between(0, 60)) for _ in places]
    table = [[0] * count for _ in places]
    for i, j in combinations(range(count), 2):
        length = max(3, abs(spots[i][0] - spots[j][0]) + abs(spots[i][1] - spots[j][1]) + numbers.between(0, 6))
        table[i][j] = table[j][i] = length
        if drawing.size != "small":
            table[j][i] += numbers.between(-2, 8)
    made = _Instance(trip, places, tuple(map(tuple, table)))
    return made if drawing.is_a("plain") else _changed(drawing, made)


def _changed(drawing: Drawing, made: _Instance) -> _Instance:
    change, count = drawing.change, len(made.places)
    i, j = change.sample(range(count), 2)
    if drawing.is_a("infeasible"):
        if drawing.size == "small":
            return replace(
                made, forbidden=tuple(sorted((min(i, k), max(i, k)) for k in range(count) if k not in (i, j)))
            )
        return replace(made, forbidden=tuple((i, k) for k in range(count) if k != i))
    total = sum(sorted((max(row) for row in made.distance), reverse=True))
    if drawing.is_a("redundant"):
        return replace(made, longest=total + change.between(1, 30))
    if drawing.is_a("sometimes"):
        return replace(made, longest=total * change.between(60, 95) // 100)
    table = [list(row) for row in made.distance]
    table[i][j] = max(2, table[i][j] + change.pick((-1, 1)) * change.between(8, 30))
    if drawing.size == "small":
        table[j][i] = table[i][j]
    return replace(made, distance=tuple(map(tuple, table)))


def _draft(drawing: Drawing) -> Draft:
    made = _instance(drawing)
    voice = Voice.of(drawing)
    draft = _flat(made) if drawing.size == "small" else _indexed(drawing, voice, made)
    text = _tell(drawing, voice, made, draft.text)
    marked = ("longest",) if made.longest is not None else ()
    return finished(drawing, draft, text, made.trip[1], marked)


def _flat(made: _Instance) -> Draft:
    keys = [identifier(place) for place in made.places]
    legs = list(combinations(range(len(keys)), 2))
    names = {(i, j): f"{keys[i]}_{keys[j]}" for i, j in legs}
    rows: dict[str, Written] = {
        keys[k]: f"{linear([(1, name) for leg, name in names.items() if k in leg])} == 2" for k in range(len(keys))
    }
    terms = [(made.distance[i][j], names[i, j]) for i, j in legs]
    if made.longest is not None:
        rows["longest"] = f"{linear(terms)} <= {made.longest}"
    for leg in made.forbidden:
        rows[f"no_{names[leg]}"] = f"{names[leg]} == 0"
    return Draft("", flat(dict.fromkeys(names.values(), "binary"), "minimize", linear(terms), rows))


def _indexed(drawing: Drawing, voice: Voice, made: _Instance) -> Draft:
    words = drawing.words
    places = [identifier(place) for place in made.places]
    c = words.pick(("C", "cities", "places", "stops"))
    distance, go, rank = words.pick((("distance", "go", "rank"), ("d", "x", "u"), ("length", "leg", "position")))
    first, count = places[0], len(places)
    parameters = {distance: matrix(c, c, places, places, made.distance)}
    rows: dict[str, Written] = {
        "stay": (f"i in {c}", f"{go}[i,i] == 0"),
        "leave": (f"i in {c}", f"sum({go}[i,j] for j in {c}) == 1"),
        "arrive": (f"j in {c}", f"sum({go}[i,j] for i in {c}) == 1"),
        "order": (
            f"i in {c}, j in {c} if i != '{first}' and j != '{first}' and i != j",
            f"{rank}[i] - {rank}[j] + {count - 1}*{go}[i,j] <= {count - 2}",
        ),
    }
    if made.longest is not None:
        total = f"sum({distance}[i,j]*{go}[i,j] for i in {c} for j in {c})"
        limit = "longest" if drawing.size == "large" else str(made.longest)
        if drawing.size == "large":
            parameters["longest_round"] = scalar(made.longest)
            limit = "longest_round"
        rows["longest"] = f"{total} <= {limit}"
    if made.forbidden:
        closed = [[int((i, j) in made.forbidden) for j in range(count)] for i in range(count)]
        parameters["closed"] = matrix(c, c, places, places, closed)
        rows["closed_legs"] = (f"i in {c}, j in {c}", f"{go}[i,j] <= 1 - closed[i,j]")
    variables = {
        go: Variable("binary", index=(c, c)),
        rank: Variable("continuous", 1, count, index=(c,)),
    }
    reference, data = indexed(
        drawing, {c: places}, parameters, variables, "minimize",
        f"sum({distance}[i,j]*{go}[i,j] for i in {c} for j in {c})", rows,
    )  # fmt: skip
    shape = ""
    if drawing.size == "large":
        meanings = {
            distance: f"[{made.trip[1]} from one to the next (first index: from, second: to)|how many {made.trip[1]} lie between two of them, from the first to the second|{made.trip[1]} when going from the first straight to the second|table of {made.trip[1]}, rows are where one leaves, columns where one arrives]"
        }
        if made.longest is not None:
            meanings["longest_round"] = f"the most {made.trip[1]} that the round may take"
        if made.forbidden:
            meanings["closed"] = "1 when one cannot go straight from the first to the second"
        shape = describe(voice, data, {c: f"the {made.trip[2]}"}, meanings)
    return Draft(shape, reference, data)


def _tell(drawing: Drawing, voice: Voice, made: _Instance, shape: str) -> str:
    who, unit, kind = made.trip
    count = voice.number(len(made.places))
    listed = voice.listing(made.places) if drawing.size != "large" else f"{count} {kind}"
    start = made.places[0]
    opening = voice.say(
        "{who} [has to|must] [visit|call at] {count} {kind} [near|around] {town}",
        "{person} [plans|draws up] the round of {who}: {listed}", "{count} {kind}, one {unit_one}: [that is|this makes] a day's work for {who}",
        "[Every|Each] [day|week], {who} [goes round|makes a tour of] {listed}", "Starting [and ending |]at {start}, {who} [visits|sees] {listed}",
        who=who, count=count, kind=kind, town=voice.town, person=voice.person, listed=listed, start=start, unit_one="round trip",
    )  # fmt: skip
    facts = {
        "once": voice.say(
            "Each of the {kind} is [visited|reached] exactly once, and the [round|tour] ends where it [began|started]",
            "[It must be|The tour is] one closed [loop|round] through all of them, [no place twice|without coming by any of them twice]",
            "After the last of the {kind} the way leads back to the first; [none is left out|all have their turn], and once is enough",
            kind=kind,
        )
    }  # fmt: skip
    if drawing.size == "small":
        facts |= _legs(voice, made)
    elif drawing.size == "medium":
        rows = [
            [a, *(voice.digits(d) if i != j else "-" for j, d in enumerate(made.distance[i]))]
            for i, a in enumerate(made.places)
        ]
        lead = voice.say(
            "{unit} from the row to the column:",
            "From (row) to (column), in {unit}:",
            "The {unit}, [read|going] from the left name to the one above:",
            unit=unit,
        )
        facts["table"] = f"{lead}\n{voice.table(['from', *made.places], rows)}"
    else:
        facts["table"] = shape
    if made.longest is not None and drawing.size != "large":
        facts["longest"] = voice.say(
            "The [whole round|tour] may take [at most|no more than] {n} {unit}", "[More than|Over] {n} {unit} in all [is|are] not allowed",
            n=voice.digits(made.longest), unit=unit,
        )  # fmt: skip
    if made.forbidden and drawing.size != "large":
        names = [
            f"{made.places[i]} {'and' if drawing.size == 'small' else 'to'} {made.places[j]}" for i, j in made.forbidden
        ]
        facts["closed"] = voice.say(
            "[There is no way|One cannot go] straight {between} {names}", "[Closed|Blocked] {between} {names}: the direct way",
            names=voice.listing(names, "or"), between="between" if drawing.size == "small" else "from",
        )  # fmt: skip
    question = voice.say(
        "[Which|What] round [is|has] the [shortest|least] total in {unit}?".replace("[shortest|least]", "smallest"),
        "In [which|what] order should the {kind} be visited so that the {unit} are fewest?", "Find the best round, counted in {unit}",
        "[How short can the tour be|What is the least total], in {unit}, and which legs does it use?", unit=unit, kind=kind,
    )  # fmt: skip
    asides = voice.distractors(voice.words.below(3), *_ASIDES)
    return voice.compose(opening, facts, question, asides, last=("table",) if "table" in facts else ())


def _legs(voice: Voice, made: _Instance) -> dict[str, str]:
    unit, places = made.trip[1], made.places
    legs = list(combinations(range(len(places)), 2))
    both = voice.say(
        "[Both directions|There and back] [count|take] the same", "The [way|figure] back is the same as the way there"
    )
    if voice.words.chance(0.3):
        lead = voice.say(
            "The {unit} [between two of them|for each pair]:", "[Pair by pair|Legs], in {unit}:", unit=unit
        )
        rows = [[f"{places[i]} - {places[j]}", voice.digits(made.distance[i][j])] for i, j in legs]
        return {"both": both, "table": f"{lead}\n{voice.table(['leg', unit], rows)}"}
    form = voice.pick("{a}-{b} {n}", "{n} between {a} and {b}", "{a} and {b} are {n} apart", "{a} to {b}: {n}")
    told = [form.format(a=places[i], b=places[j], n=voice.number(made.distance[i][j])) for i, j in legs]
    if voice.words.chance(0.5):
        return {
            "both": both,
            "legs": voice.say("[In|Counted in] {unit}: {told}", "{told} ({unit})", unit=unit, told=voice.listing(told)),
        }
    facts = {f"leg{k}": voice.say("{one} {unit}" if "apart" not in form and not form.endswith("{b}") else "{one}", one=one, unit=unit)
             for k, one in enumerate(told)}  # fmt: skip
    return {"both": both, "unit": voice.say("[Everything|All] is [given|counted] in {unit}", unit=unit), **facts}


FAMILY = Family(
    "traveling-salesman",
    "one round through all places, as short as possible",
    _draft,
    {
        "small": ("plain", "infeasible", "redundant", "sometimes", "twin"),
        "medium": ("plain", "infeasible", "redundant", "sometimes", "twin"),
        "large": ("plain", "infeasible"),
    },
)
