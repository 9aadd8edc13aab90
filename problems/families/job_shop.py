"""Job shop: in which order jobs use the machines, so that everything is finished as early as possible.

Small is two jobs on two machines in opposite or equal order: four starts, two orders and the makespan, seven variables;
there is no smaller one with a choice to make. Large stays at five jobs on three or four machines, because the order on every
machine is a yes-or-no decision for each pair of jobs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from ...feasibility.language.formulation import Parameter, Values, Variable
from .algebra import Written, flat, identifier, indexed, matrix, scalar, vector
from .drawing import Draft, Drawing, Family, finished
from .prose import Voice, article
from .shape import describe

_SHOPS = (
    ("machine shop", ("lathe", "mill", "grinder", "drill"), ("shaft", "gear", "valve", "bracket"), "minutes"),
    ("print shop", ("press", "folder", "binder", "cutter"), ("brochure", "calendar", "novel", "atlas"), "hours"),
    ("paint shop", ("sander", "booth", "oven", "polisher"), ("door", "hood", "fender", "bumper"), "minutes"),
    ("laboratory", ("centrifuge", "scanner", "incubator", "sequencer"), ("blood sample", "soil sample", "water sample", "seed sample"), "minutes"),
    ("bakery", ("mixer", "oven", "icer", "packer"), ("cake", "bread batch", "pastry tray", "biscuit batch"), "minutes"),
    ("film studio", ("stage", "editing desk", "sound room", "colour suite"), ("advert", "trailer", "short film", "interview"), "hours"),
    ("garage", ("lift", "test bench", "wheel balancer", "wash bay"), ("van", "taxi", "bus", "pickup"), "minutes"),
    ("sawmill", ("saw", "planer", "kiln", "stacker"), ("oak lot", "pine lot", "larch lot", "beech lot"), "hours"),
)  # fmt: skip
_ASIDES = (
    "The [newest|oldest] machine [dates from|was bought in] {year}",
    "[Electricity|Power] [cost|came to] {sum} in {month}",
    "{some} [orders|jobs] were [finished|done] in {month}, [which says nothing about today|all of them on time]",
)


@dataclass(frozen=True, slots=True)
class _Instance:
    place: str
    machines: tuple[str, ...]
    jobs: tuple[str, ...]
    unit: str
    time: tuple[tuple[int, ...], ...]
    """time[j][m]."""
    route: tuple[tuple[int, ...], ...]
    """route[j]: machines in the order in which job j uses them."""
    due: tuple[int | None, ...]
    """When a job must be finished."""
    horizon: int = 0
    """When everything must be finished; the text says it. Long enough for all work one after the other, unless it is
    what makes the problem infeasible. It makes the order's big-M exact: the rows of the order that is not chosen
    forbid nothing, whatever number an answer writes there, as long as it is as large."""

    @property
    def work(self) -> int:
        """The sum of all times."""
        return sum(map(sum, self.time))


def _instance(drawing: Drawing) -> _Instance:
    numbers = drawing.numbers
    place, machines, jobs, unit = numbers.pick(_SHOPS)
    n, m = drawing.one_of((2, 2), (3, 2), (5, numbers.between(3, 4)))
    chosen = tuple(numbers.sample(machines, m))
    names = (
        tuple(numbers.sample(jobs, n)) if drawing.size != "large" else tuple(f"{jobs[0]} {k}" for k in range(1, n + 1))
    )
    time = tuple(tuple(numbers.between(2, 15) for _ in chosen) for _ in names)
    route = tuple(tuple(numbers.shuffled(range(m))) for _ in names)
    made = _Instance(place, chosen, names, unit, time, route, (None,) * n)
    # The twin's times are up to 8 longer, and its horizon is the same.
    made = replace(made, horizon=-(-(made.work + 8) // 10) * 10)
    return made if drawing.is_a("plain") else _changed(drawing, made)


def _changed(drawing: Drawing, made: _Instance) -> _Instance:
    change = drawing.change
    j = change.below(len(made.jobs))
    if drawing.is_a("infeasible"):
        if change.chance(0.5):
            return replace(made, due=_at(made.due, j, sum(made.time[j]) - change.between(1, 2)))
        load = max(sum(row[m] for row in made.time) for m in range(len(made.machines)))
        return replace(made, horizon=load - change.between(1, 2))
    if drawing.is_a("sometimes"):
        return replace(made, due=_at(made.due, j, sum(made.time[j]) + change.between(0, made.work // 3)))
    m = change.below(len(made.machines))
    moved = made.time[j][m] + change.pick((-1, 1)) * change.between(1, 8)
    row = tuple(max(1, moved) if k == m else t for k, t in enumerate(made.time[j]))
    return replace(made, time=(*made.time[:j], row, *made.time[j + 1 :]))


def _at(values: tuple[int | None, ...], place: int, value: int) -> tuple[int | None, ...]:
    return (*values[:place], value, *values[place + 1 :])


def _draft(drawing: Drawing) -> Draft:
    made = _instance(drawing)
    voice = Voice.of(drawing)
    draft = _flat(made) if drawing.size == "small" else _indexed(drawing, voice, made)
    text = _tell(drawing, voice, made, draft.text)
    marked = ("due",) if drawing.is_a("sometimes") else ()
    return finished(drawing, draft, text, made.unit, marked)


def _flat(made: _Instance) -> Draft:
    jobs = [identifier(job) for job in made.jobs]
    machines = [identifier(machine) for machine in made.machines]
    start = [[f"{job}_{machine}" for machine in machines] for job in jobs]
    rows: dict[str, Written] = {}
    for j, job in enumerate(jobs):
        first, last = made.route[j]
        rows[f"{job}_order"] = f"{start[j][last]} >= {start[j][first]} + {made.time[j][first]}"
        rows[f"{job}_end"] = f"finish >= {start[j][last]} + {made.time[j][last]}"
        if made.due[j] is not None:
            rows["due"] = f"{start[j][last]} + {made.time[j][last]} <= {made.due[j]}"
    for m, machine in enumerate(machines):
        a, b = start[0][m], start[1][m]
        rows[f"{machine}_a"] = f"{b} >= {a} + {made.time[0][m]} - {made.horizon}*(1 - y{m + 1})"
        rows[f"{machine}_b"] = f"{a} >= {b} + {made.time[1][m]} - {made.horizon}*y{m + 1}"
    rows["horizon"] = f"finish <= {made.horizon}"
    names = [name for row in start for name in row]
    variables = {
        **{name: Variable("continuous", 0) for name in names},
        # A name that says nothing: the text does not say which of the two orders is a yes.
        **{f"y{m + 1}": Variable("binary") for m in range(len(machines))},
        "finish": Variable("continuous", 0),
    }
    return Draft("", flat(variables, "minimize", "finish", rows), units=dict.fromkeys([*names, "finish"], made.unit))


def _indexed(drawing: Drawing, voice: Voice, made: _Instance) -> Draft:
    words = drawing.words
    machines = [identifier(machine) for machine in made.machines]
    jobs = list(range(1, len(made.jobs) + 1))
    j, m = words.pick((("J", "M"), ("jobs", "machines"), ("orders", "stations")))
    time, after, start, first = words.pick(
        (("time", "after", "start", "y"), ("p", "follows", "s", "z"), ("duration", "then", "begin", "w"))
    )
    follows: dict[str, Values] = {}
    for number, route in zip(jobs, made.route, strict=True):
        steps = set(pairwise(route))
        follows[str(number)] = {
            a: {b: int((x, y) in steps) for y, b in enumerate(machines)} for x, a in enumerate(machines)
        }
    parameters: dict[str, Parameter] = {
        time: matrix(j, m, jobs, machines, made.time),
        after: Parameter(follows, (j, m, m)),
    }
    big = "closing" if drawing.size == "large" else str(made.horizon)
    if drawing.size == "large":
        parameters["closing"] = scalar(made.horizon)
    rows: dict[str, Written] = {
        "route": (
            f"i in {j}, a in {m}, b in {m}", f"{start}[i,b] >= {start}[i,a] + {time}[i,a] - {big}*(1 - {after}[i,a,b])"
        ),
        "either": (
            f"i in {j}, k in {j}, a in {m} if i < k", f"{start}[k,a] >= {start}[i,a] + {time}[i,a] - {big}*(1 - {first}[i,k,a])"
        ),
        "or": (
            f"i in {j}, k in {j}, a in {m} if i < k", f"{start}[i,a] >= {start}[k,a] + {time}[k,a] - {big}*{first}[i,k,a]"
        ),
        "last": (f"i in {j}, a in {m}", f"finish >= {start}[i,a] + {time}[i,a]"),
    }  # fmt: skip
    rows["horizon"] = f"finish <= {big}"
    if any(due is not None for due in made.due):
        due = [made.horizon if value is None else value for value in made.due]
        parameters["latest"] = vector(j, jobs, due)
        rows["due"] = (f"i in {j}, a in {m}", f"{start}[i,a] + {time}[i,a] <= latest[i]")
    variables = {
        start: Variable("continuous", 0, index=(j, m)),
        first: Variable("binary", index=(j, j, m)),
        "finish": Variable("continuous", 0),
    }
    reference, data = indexed(drawing, {j: jobs, m: machines}, parameters, variables, "minimize", "finish", rows)
    units = {start: made.unit, "finish": made.unit}
    if drawing.size != "large":
        return Draft("", reference, data, units=units)
    meanings = {
        time: f"[{made.unit} that a job takes on a machine|how many {made.unit} a machine works on a job|processing time in {made.unit}|{made.unit} of a job at a machine]",
        after: "[1 when a job goes straight from the first machine to the second|whether the second machine comes right after the first for a job (1: yes)|1 where a job's next machine after the first is the second, else 0|routing: 1 if the job moves on from the first machine to the second]",
        "closing": f"[{made.unit} from now until the shop closes, when everything must be done|{made.unit} within which everything has to be over|the {made.unit[:-1]} by which all of it must be finished]",
    }
    if "latest" in parameters:
        meanings["latest"] = "the time by which a job must be finished"
    sets = {j: "the jobs", m: "the machines"}
    return Draft(describe(voice, data, sets, meanings), reference, data, units=units)


def _tell(drawing: Drawing, voice: Voice, made: _Instance, shape: str) -> str:
    listed = [article(job) for job in made.jobs]
    jobs = voice.listing(listed) if drawing.size != "large" else f"{voice.number(len(listed))} jobs"
    machines = voice.listing([f"the {machine}" for machine in made.machines])
    opening = voice.say(
        "{a_place} in {town} [has|must finish] [these|the following] jobs [today|this week]: {jobs}",
        "{person} [schedules|plans] {machines} [of|in] {a_place}", "{jobs} [wait|are waiting] at {a_place}; [all|each] of them [need|needs] {machines}".replace("[all|each] of them [need|needs]", "each of them needs"),
        "[In|At] our {place}, {jobs} [share|compete for] {machines}",
        "[When can|How soon can] {a_place} be done with {jobs}?",
        a_place=article(made.place), place=made.place, town=voice.town, person=voice.person, jobs=jobs, machines=machines,
    )  # fmt: skip
    facts = {
        "one": voice.say(
            "[A machine|Each machine] [works on|takes] one job at a time, and [nothing is interrupted|what is begun is finished first]",
            "No two jobs can be on the same machine at once; [a step once started runs through|there is no interrupting a step]",
            "Every step runs without a break, and a machine [cannot do two things at a time|is free only when the step is over]",
        )
    }
    if drawing.size == "large":
        facts["table"] = shape
    else:
        facts |= _routes(drawing, voice, made)
    for k, due in enumerate(made.due):
        if due is not None and drawing.size != "large":
            facts["due"] = voice.say(
                "The {job} must be [finished|ready] [after {n} {unit} at the latest|within {n} {unit}]", "{n} {unit} from now the {job} [is collected|has to be done]",
                job=made.jobs[k], n=voice.number(due), unit=made.unit,
            )  # fmt: skip
    if drawing.size != "large":
        facts["horizon"] = voice.say(
            "[Everything|All of it] has to be over within {n} {unit}", "After {n} {unit} the shop [closes|shuts], and [all|everything] must be done by then",
            n=voice.number(made.horizon), unit=made.unit,
        )  # fmt: skip
    question = voice.say(
        "[How should the steps be ordered|What is the best order] so that the last [job|step] ends as early as possible?",
        "[Find|Work out] the schedule with the [shortest|smallest] [total time|makespan]",
        "When is everything done at the earliest?",
        "The aim is to be through with all of it as [soon|early] as possible",
    )
    asides = voice.distractors(voice.words.below(3), *_ASIDES)
    return voice.compose(opening, facts, question, asides, last=("table",) if "table" in facts else ())


def _routes(drawing: Drawing, voice: Voice, made: _Instance) -> dict[str, str]:
    if drawing.size == "medium" and voice.words.chance(0.5):
        heads = ["job", *(f"step {k}" for k in range(1, len(made.machines) + 1))]
        rows = [
            [job, *(f"{made.machines[m]} {voice.digits(made.time[j][m])}" for m in made.route[j])]
            for j, job in enumerate(made.jobs)
        ]
        lead = voice.say(
            "[The steps|Steps] in their order, with {unit}:",
            "[Routing sheet|Work plan] (machine and {unit}):",
            unit=made.unit,
        )
        return {"table": f"{lead}\n{voice.table(heads, rows)}"}
    facts = {}
    for j, job in enumerate(made.jobs):
        steps = [
            f"{voice.count(made.time[j][m], made.unit[:-1], made.unit)} on the {made.machines[m]}"
            for m in made.route[j]
        ]
        facts[f"job{j}"] = voice.say(
            "The {job} [takes|needs] {steps}, in this order", "The {job}: first {first}, then {rest}", "{steps} - that is [the way of|what awaits] the {job}, one after the other",
            "[For|To finish] the {job}, {first} [come|are due] first and {rest} after that",
            job=job, steps=voice.listing(steps), first=steps[0], rest=voice.listing(steps[1:], "then"),
        )  # fmt: skip
    return facts


FAMILY = Family(
    "job-shop",
    "the order of jobs on machines that finishes everything as early as possible",
    _draft,
    {
        "small": ("plain", "infeasible", "sometimes", "twin"),
        "medium": ("plain", "infeasible", "sometimes", "twin"),
        "large": ("plain", "infeasible"),
    },
)
