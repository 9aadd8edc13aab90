"""Assignment: who does what, each job once, for the least time or cost or the highest score."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...feasibility.language.formulation import Sense, Variable
from .algebra import Written, codes, flat, identifier, indexed, linear, matrix
from .drawing import Draft, Drawing, Family, all_sizes, finished
from .lexicon import PEOPLE
from .prose import Voice
from .shape import describe


@dataclass(frozen=True, slots=True)
class _Story:
    who: tuple[str, str]
    what: tuple[str, str]
    jobs: tuple[str, ...]
    openings: tuple[str, ...]
    measure: tuple[str, str, str]
    """What the numbers are: noun, unit singular, unit plural (empty units: money)."""
    maximize: bool
    asides: tuple[str, ...]
    names: tuple[str, ...] = ()


_STORIES = (
    _Story(("mechanic", "mechanics"), ("repair", "repairs"), ("brakes", "gearbox", "radiator", "bodywork", "clutch", "exhaust", "wiring"),
           ("The garage of {boss} in {town} has [these|the following] repairs [waiting|to do]: {jobs}; the mechanics [are|on duty are] {people}",
            "{people} are the mechanics on duty, and [the work is|they face] {jobs}"), ("time", "hour", "hours"), False,
           ("The [lift|compressor] [was serviced|broke] in {month}",)),
    _Story(("swimmer", "swimmers"), ("leg", "legs"), ("backstroke", "breaststroke", "butterfly", "freestyle", "opening sprint", "medley leg", "anchor leg"),
           ("A relay coach in {town} has {people} and must [fill|man] the legs {jobs}", "For the relay ({jobs}) the coach [can choose among|picks from] {people}"),
           ("time", "second", "seconds"), False, ("The pool [is|measures] {some} [steps|tiles] long",)),
    _Story(("translator", "translators"), ("document", "documents"), ("patent", "novel", "manual", "contract", "brochure", "thesis", "menu"),
           ("An agency [in {town}|run by {boss}] hands out {jobs} to {people}", "{jobs}: all of it has to be translated, and {people} are free"),
           ("fee", "", ""), False, ("The agency [works in|covers] {some} languages",)),
    _Story(("student", "students"), ("project", "projects"), ("bridge model", "solar car", "weather mast", "water filter", "chess robot", "seismograph", "hydroponics"),
           ("At a school in {town}, {people} [choose|apply] for projects ({jobs}) and [marked|scored] each [with points|by interest]",
            "{boss} gives out the projects {jobs}; {people} have [rated|scored] them"), ("satisfaction", "point", "points"), True,
           ("The [gym|library] is [painted|closed] in {month}",)),
    _Story(("crew", "crews"), ("site", "sites"), ("school roof", "harbour wall", "town hall", "footbridge", "clinic wing", "stadium gate", "old mill"),
           ("A contractor has crews led by {people}; the sites are {jobs}", "[Crews|Teams] under {people} are ready, [work waits at|and there is work at] {jobs}"),
           ("cost", "", ""), False, ("[Scaffolding|A crane] [was bought|was sold] in {year}",)),
    _Story(("courier", "couriers"), ("parcel round", "parcel rounds"), ("north round", "river round", "market round", "airport round", "campus round", "hill round", "harbour round"),
           ("{people} [ride|drive] for a courier firm in {town}; today's rounds are {jobs}", "Today's rounds ({jobs}) are still open; {people} [are|report] on shift"),
           ("distance", "kilometre", "kilometres"), False, ("[About|Roughly] {some} parcels went missing in {year}",)),
    _Story(("seller", "sellers"), ("stall", "stalls"), ("north gate", "fountain", "car park corner", "church square", "station exit", "riverside", "food hall"),
           ("{boss} sends {people} to market stalls at {jobs}", "Market day in {town}: stalls at {jobs}, sellers {people}"), ("takings", "", ""), True,
           ("The market [was|has been] held since {year}",)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Instance:
    story: _Story
    people: tuple[str, ...]
    jobs: tuple[str, ...]
    value: tuple[tuple[int, ...], ...]
    barred: tuple[tuple[int, int], ...] = ()
    most: int | None = None
    """Stated limit of jobs for one person, when it says more than needed."""


def _instance(drawing: Drawing) -> _Instance:
    numbers = drawing.numbers
    story = numbers.pick(_STORIES)
    people, jobs = drawing.one_of(
        numbers.pick(((2, 2), (2, 2), (2, 2), (3, 2))),
        numbers.pick(((4, 4), (5, 5), (5, 4), (6, 5), (6, 6))),
        (numbers.between(22, 36), numbers.between(18, 22)),
    )
    if drawing.is_a("infeasible"):
        people, jobs = drawing.one_of(
            (2, 3), (numbers.between(4, 5), 6), (numbers.between(18, 22), numbers.between(23, 30))
        )
    if drawing.size == "large":
        names, works = tuple(codes("w", people)), tuple(codes("j", jobs))
    else:
        names = tuple(name.split()[0] for name in numbers.sample(PEOPLE, people))
        works = tuple(numbers.sample(story.jobs, jobs))
    low, high = numbers.pick(((2, 15), (20, 80), (5, 40)))
    value = tuple(tuple(numbers.between(low, high) for _ in works) for _ in names)
    return _changed(drawing, _Instance(story, names, works, value))


def _changed(drawing: Drawing, made: _Instance) -> _Instance:
    change = drawing.change
    i, j = change.below(len(made.people)), change.below(len(made.jobs))
    if drawing.is_a("redundant"):
        return replace(made, most=change.between(2, 3))
    if drawing.is_a("sometimes") or (drawing.is_a("twin") and (drawing.size == "large" or change.chance(0.5))):
        return replace(made, barred=((i, j),))
    if drawing.is_a("twin"):
        line = tuple(max(1, v + change.pick((-6, -4, 5, 9))) if k == j else v for k, v in enumerate(made.value[i]))
        return replace(made, value=(*made.value[:i], line, *made.value[i + 1 :]))
    return made


def _amount(voice: Voice, made: _Instance, value: int) -> str:
    _, singular, plural = made.story.measure
    return voice.count(value, singular, plural) if singular else voice.money(value)


def _tell(drawing: Drawing, voice: Voice, made: _Instance, shape: str) -> str:
    story, large = made.story, drawing.size == "large"
    noun = story.measure[0]
    if large:
        people, jobs = f"{len(made.people)} {story.who[1]}", f"{len(made.jobs)} {story.what[1]}"
        opening = voice.say(
            "{people} and {jobs} have to be [matched|brought together]", "[There are|We have] {people} for {jobs}",
            "{boss} must [spread|hand out] {jobs} [over|among] {people}", "[It is about|The case:] {jobs}, to be [given|assigned] to {people}",
            people=people, jobs=jobs, boss=voice.person,
        )  # fmt: skip
    else:
        opening = voice.say(
            *story.openings,
            boss=voice.person,
            town=voice.town,
            people=voice.listing(made.people),
            jobs=voice.listing(made.jobs),
        )
    facts = {
        "once": voice.say(
            "[Each|Every] {what} [must|has to] be [done|taken] by exactly one {who}, and no {who} can take [more than one|two]",
            "One {who} per {what}, [no|and no] {who} [twice|does two of them]; [every|each] {what} must be [covered|filled]",
            "[No {what} may stay open|All {whats} must be filled], and [nobody|no {who}] [gets|does] more than one"
            if voice.words.chance(0.5) else "A {who} [handles|takes] at most one {what}; [each|every] {what} needs exactly one {who}",
            who=story.who[0], what=story.what[0], whats=story.what[1],
        )
    }  # fmt: skip
    if made.most is not None:
        facts["most"] = voice.say(
            "[House rules|The rules] [forbid|do not allow] giving anyone more than {n} {whats} [a week|in one go|]",
            "[Nobody|No one] may be given more than {n} {whats}", n=voice.number(made.most), whats=story.what[1],
        )  # fmt: skip
    for i, j in made.barred:
        facts["barred"] = voice.say(
            "{p} [cannot|may not] take {j}", "{j} [is out of the question|is not possible] for {p}", "{p} [is not allowed|refuses] to do {j}",
            p=made.people[i], j=made.jobs[j] if large else f"the {made.jobs[j]}",
        )  # fmt: skip
    if large:
        facts["table"] = shape
    else:
        facts |= _value_facts(voice, made, in_table=drawing.size == "medium")
    aim = "highest" if story.maximize else "lowest"
    question = voice.say(
        "Who [should do|takes] [what|which {what}], so that total {noun} is [{aim}|as {short} as possible]?",
        "[Find|Give] the [assignment|matching] with the {aim} [total|overall] {noun}", "[Match|Pair] them up for the {aim} total {noun}",
        "[What is|Which is] the best [way to split the {whats}|distribution], [measured by|judging by] total {noun} ([the {aim} wins|{aim} is best])?",
        what=story.what[0], whats=story.what[1], noun=noun, aim=aim, short="high" if story.maximize else "low",
    )  # fmt: skip
    asides = voice.distractors(voice.words.below(3), *story.asides)
    return voice.compose(opening, facts, question, asides, last=("table",) if "table" in facts else ())


def _value_facts(voice: Voice, made: _Instance, *, in_table: bool) -> dict[str, str]:
    noun, _, plural = made.story.measure
    if in_table:
        lead = voice.say(
            "{noun} in {unit}:", "[Here is|This is] the {noun} [of each pair|for everyone] ({unit}):", "[From experience|Estimates], {noun} in {unit}:",
            noun=noun, unit=plural or voice.currency.plural,
        )  # fmt: skip
        rows = [[name, *(voice.digits(v) for v in line)] for name, line in zip(made.people, made.value, strict=True)]
        return {"table": f"{lead}\n{voice.table([made.story.who[0], *made.jobs], rows)}"}
    by_job = voice.words.chance(0.4)
    facts = {}
    for k, one in enumerate(made.jobs if by_job else made.people):
        ends = made.people if by_job else [f"the {job}" for job in made.jobs]
        values = [line[k] for line in made.value] if by_job else list(made.value[k])
        if by_job:
            told = voice.listing([f"{_amount(voice, made, v)} with {end}" for v, end in zip(values, ends, strict=True)])
            facts[f"value{k}"] = voice.say(
                "The {one}: {told}", "[On|For] the {one} the {noun} [is|would be] {told}", "{noun} [for|of] the {one} [comes to|is] {told}",
                one=one, noun=noun, told=told,
            )  # fmt: skip
        else:
            told = voice.listing([f"{_amount(voice, made, v)} for {end}" for v, end in zip(values, ends, strict=True)])
            facts[f"value{k}"] = voice.say(
                "{one} [comes to|stands at|is down for] {told}", "With {one}, [count|reckon with] {told}", "[{one}'s {noun}|The {noun} of {one}] is {told}",
                "{one}: {told}", one=one, noun=noun, told=told,
            )  # fmt: skip
    return facts


def _reference(drawing: Drawing, voice: Voice, made: _Instance) -> Draft:
    people, jobs = [identifier(p) for p in made.people], [identifier(j) for j in made.jobs]
    if drawing.size == "small":
        jobs = [job.split("_")[0] for job in jobs]  # short names suffice among two jobs
    sense: Sense = "maximize" if made.story.maximize else "minimize"
    pairs = [(i, j) for i in range(len(people)) for j in range(len(jobs))]
    rows: dict[str, Written]
    if drawing.size == "small":
        name = {(i, j): f"{people[i]}_{jobs[j]}" for i, j in pairs}
        rows = {job: f"{linear([(1, name[i, j]) for i in range(len(people))])} == 1" for j, job in enumerate(jobs)}
        most = made.most or 1
        loads = {p: linear([(1, name[i, j]) for j in range(len(jobs))]) for i, p in enumerate(people)}
        rows |= {p: f"{load} <= 1" for p, load in loads.items()}
        rows |= {f"{p}_most": f"{load} <= {most}" for p, load in loads.items()} if made.most else {}
        for pair in made.barred:
            rows["barred"] = f"{name[pair]} == 0"
        goal = linear([(made.value[i][j], name[i, j]) for i, j in pairs])
        return Draft(
            "",
            flat(dict.fromkeys(name.values(), "binary"), sense, goal, rows),
            units=dict.fromkeys(name.values(), "yes or no"),
        )
    pick = drawing.words.pick
    w, j_ = pick(
        (("W", "J"), ("workers", "jobs"), ("I", "J"), (made.story.who[1], made.story.what[1].replace(" ", "_")))
    )
    value, take = pick((("value", "take"), ("c", "x"), (made.story.measure[0], "assign"), ("score", "does")))
    rows = {
        "job_done": (f"j in {j_}", f"sum({take}[i,j] for i in {w}) == 1"),
        "at_most_one": (f"i in {w}", f"sum({take}[i,j] for j in {j_}) <= 1"),
    }
    if made.most is not None:
        rows["most"] = (f"i in {w}", f"sum({take}[i,j] for j in {j_}) <= {made.most}")
    for i, j in made.barred:
        rows["barred"] = f"{take}[{people[i]},{jobs[j]}] == 0"
    reference, data = indexed(
        drawing, {w: people, j_: jobs}, {value: matrix(w, j_, people, jobs, made.value)}, {take: Variable("binary", index=(w, j_))},
        sense, f"sum({value}[i,j]*{take}[i,j] for i in {w} for j in {j_})", rows,
    )  # fmt: skip
    unit = made.story.measure[2] or voice.currency.plural
    meanings = {
        value: f"{made.story.measure[0]} in {unit} when one of the {made.story.who[1]} does one of the {made.story.what[1]}"
    }
    shape = (
        describe(voice, data, {w: f"the {made.story.who[1]}", j_: f"the {made.story.what[1]}"}, meanings)
        if drawing.size == "large"
        else ""
    )
    return Draft(shape, reference, data, units={take: "yes or no"})


def _draft(drawing: Drawing) -> Draft:
    made = _instance(drawing)
    voice = Voice.of(drawing)
    draft = _reference(drawing, voice, made)
    about = {
        "redundant": tuple(name for name in draft.reference.constraints if name.endswith("most")),
        "sometimes": ("barred",),
    }
    text = _tell(drawing, voice, made, draft.text)
    objective = made.story.measure[2] or voice.currency.plural
    return finished(drawing, draft, text, objective, about.get(drawing.variant, ()))


FAMILY = Family(
    "assignment",
    "who does what, each job once, at the best total",
    _draft,
    all_sizes("infeasible", "redundant", "sometimes", "twin"),
)
