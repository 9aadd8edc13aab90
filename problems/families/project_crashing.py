"""Project crashing: which activities to speed up, at a price, so that the project meets its deadline.

Activities lie between milestones. A small project has two branches that meet before a last activity, so that one time
(when the last activity starts) and the days saved are all there is to decide.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...feasibility.language.formulation import Variable
from .algebra import Written, codes, flat, identifier, indexed, linear, matrix, scalar, vector
from .drawing import Draft, Drawing, Family, finished
from .networks import Network, layered
from .prose import Voice
from .shape import describe

_PROJECTS = (
    ("house", ("foundation", "framing", "plumbing", "wiring", "roofing", "plastering", "painting", "paving", "glazing", "tiling", "heating")),
    ("bridge repair", ("scaffolding", "blasting", "welding", "coating", "surfacing", "inspection", "drainage", "lighting", "railings", "anchoring", "testing")),
    ("software release", ("design", "backend", "frontend", "review", "migration", "translation", "testing", "packaging", "rollout", "training", "audit")),
    ("film", ("casting", "set building", "rehearsal", "shooting", "editing", "scoring", "mixing", "grading", "titles", "trailer", "marketing")),
    ("exhibition", ("loans", "transport", "walls", "lighting", "labels", "catalogue", "mounting", "press work", "insurance", "guides", "opening")),
    ("plant overhaul", ("shutdown", "cleaning", "boiler work", "valve work", "piping", "rewiring", "pressure test", "insulation", "calibration", "handover", "restart")),
    ("trade fair", ("booth design", "printing", "permits", "carpentry", "demo units", "travel", "invitations", "catering", "rehearsal", "shipping", "setup")),
)  # fmt: skip
_ASIDES = (
    "A [similar|previous] project [took|needed] {some} days in {year}",
    "The [site office|project room] [costs|is rented for] {sum}, [whatever happens|paid in advance]",
    "{some} [pages|drawings] of plans [are|lie] [ready|on the table]",
)


@dataclass(frozen=True, slots=True)
class _Instance:
    project: str
    network: Network
    activities: tuple[str, ...]
    normal: tuple[int, ...]
    saves: tuple[int, ...]
    """The most days that an activity can be shortened."""
    cost: tuple[int, ...]
    deadline: int
    budget: int | None = None
    """The most days that may be saved in all."""

    def length(self, shortened: bool) -> int:
        """The longest way from start to end: normal, or with everything shortened as far as possible."""
        reach = [0] * len(self.network.nodes)
        for (a, b), normal, saves in zip(self.network.links, self.normal, self.saves, strict=True):
            reach[b] = max(reach[b], reach[a] + normal - (saves if shortened else 0))
        return reach[-1]


def _instance(drawing: Drawing) -> _Instance:
    numbers = drawing.numbers
    project, names = numbers.pick(_PROJECTS)
    if drawing.size == "small":
        network = Network(("start", "joint", "end"), ((0, 1), (0, 1), (1, 2)))
    else:
        count = numbers.between(5, 6) if drawing.size == "medium" else numbers.between(20, 26)
        drawn = layered(drawing, tuple(codes("e", count)), 3 if drawing.size == "medium" else 34)
        forward = tuple(sorted({(min(link), max(link)) for link in drawn.links}))  # a project never goes back
        network = Network(drawn.nodes, forward)
    links = len(network.links)
    activities = (
        tuple(codes("a", links)) if drawing.size == "large" else tuple(numbers.sample(names, min(links, len(names))))
    )
    network = Network(network.nodes, network.links[: len(activities)])
    normal = tuple(numbers.between(4, 20) for _ in activities)
    saves = tuple(numbers.between(1, max(1, days // 2)) for days in normal)
    made = _Instance(
        project, network, activities, normal, saves, tuple(numbers.between(2, 40) * 50 for _ in activities), 0
    )
    longest, shortest = made.length(False), made.length(True)
    made = replace(made, deadline=longest - max(1, (longest - shortest) * numbers.between(30, 80) // 100))
    return made if drawing.is_a("plain") else _changed(drawing, made)


def _changed(drawing: Drawing, made: _Instance) -> _Instance:
    change = drawing.change
    if drawing.is_a("infeasible"):
        return replace(made, deadline=made.length(True) - change.between(1, 3))
    if drawing.is_a("redundant"):
        return replace(made, budget=sum(made.saves) + change.between(0, 9))
    if drawing.is_a("sometimes"):
        return replace(made, budget=max(1, sum(made.saves) * change.between(40, 90) // 100))
    k = change.below(len(made.activities))
    if change.chance(0.5):
        return replace(made, deadline=made.deadline + 1)
    return replace(made, cost=tuple(c + change.between(1, 8) * 50 if i == k else c for i, c in enumerate(made.cost)))


def _draft(drawing: Drawing) -> Draft:
    made = _instance(drawing)
    voice = Voice.of(drawing)
    draft = _flat(made) if drawing.size == "small" else _indexed(drawing, voice, made)
    text = _tell(drawing, voice, made, draft.text)
    marked = ("budget",) if made.budget is not None else ()
    return finished(drawing, draft, text, voice.currency.plural, marked)


def _flat(made: _Instance) -> Draft:
    names = [identifier(name) for name in made.activities]
    first, second, last = names
    rows: dict[str, Written] = {
        first: f"joint >= {made.normal[0]} - {first}",
        second: f"joint >= {made.normal[1]} - {second}",
        last: f"joint + {made.normal[2]} - {last} <= {made.deadline}",
    }
    if made.budget is not None:
        rows["budget"] = f"{linear([(1, name) for name in names])} <= {made.budget}"
    variables = {name: Variable("continuous", 0, save) for name, save in zip(names, made.saves, strict=True)}
    variables["joint"] = Variable("continuous", 0)
    goal = linear(list(zip(made.cost, names, strict=True)))
    return Draft("", flat(variables, "minimize", goal, rows), units=dict.fromkeys(variables, "days"))


def _indexed(drawing: Drawing, voice: Voice, made: _Instance) -> Draft:
    words = drawing.words
    events, activities = list(made.network.nodes), [identifier(name) for name in made.activities]
    e, a = words.pick((("E", "A"), ("events", "activities"), ("milestones", "tasks"), ("N", "J")))
    link, normal, most, cost, when, save = words.pick(
        (("link", "normal", "most", "cost", "when", "save"), ("b", "d", "r", "c", "t", "y"),
         ("between", "duration", "saving", "price", "time", "crash"))
    )  # fmt: skip
    parameters = {
        link: matrix(
            a, e, activities, events, [[-row[k] for row in made.network.incidence()] for k in range(len(activities))]
        ),
        normal: vector(a, activities, made.normal),
        most: vector(a, activities, made.saves),
        cost: vector(a, activities, made.cost),
    }
    deadline = str(made.deadline)
    if drawing.size == "large":
        parameters["deadline"] = scalar(made.deadline)
        deadline = "deadline"
    rows: dict[str, Written] = {
        "begin": f"{when}[{events[0]}] == 0",
        "duration": (f"k in {a}", f"sum({link}[k,i]*{when}[i] for i in {e}) >= {normal}[k] - {save}[k]"),
        "limit": (f"k in {a}", f"{save}[k] <= {most}[k]"),
        "end": f"{when}[{events[-1]}] <= {deadline}",
    }
    if made.budget is not None:
        rows["budget"] = f"sum({save}[k] for k in {a}) <= {made.budget}"
    variables = {
        when: Variable("continuous", 0, index=(e,)),
        save: Variable("continuous", 0, index=(a,)),
    }
    reference, data = indexed(
        drawing,
        {e: events, a: activities},
        parameters,
        variables,
        "minimize",
        f"sum({cost}[k]*{save}[k] for k in {a})",
        rows,
    )
    units = {when: "days", save: "days"}
    if drawing.size != "large":
        return Draft("", reference, data, units=units)
    meanings = {
        link: "[-1 when an activity starts from a milestone, 1 when it ends there, 0 otherwise|where an activity begins (-1) and ends (1) among the milestones, 0 for all others|-1 at the milestone an activity leaves, 1 at the one it leads to, else 0|+1 for the milestone that closes an activity, -1 for the one that opens it]",
        normal: "[days that an activity takes|normal length of an activity in days|how many days an activity lasts if nothing is paid|planned days]",
        most: "[the most days that can be saved on an activity|by how many days an activity can be shortened at most|limit on the days saved|days an activity can be cut by]",
        cost: f"[{voice.currency.plural} for each day saved on an activity|price of a day less, in {voice.currency.plural}|what it costs to be a day faster ({voice.currency.plural})|{voice.currency.plural} a day of speeding up]",
        "deadline": "[the day by which the last milestone must be reached|when everything has to be done, in days from the start|the deadline in days]",
    }
    sets = {e: "the milestones, first to last", a: "the activities"}
    return Draft(describe(voice, data, sets, meanings), reference, data, units=units)


def _table(voice: Voice, made: _Instance) -> str:
    """The activities with their milestones, days and costs."""
    heads = [
        "activity",
        "from",
        "to",
        "normal days",
        "days that can be saved",
        f"{voice.currency.plural} per day saved",
    ]
    rows = [
        [name, made.network.nodes[i], made.network.nodes[j], voice.digits(made.normal[k]), voice.digits(made.saves[k]), voice.digits(made.cost[k])]
        for k, (name, (i, j)) in enumerate(zip(made.activities, made.network.links, strict=True))
    ]  # fmt: skip
    lead = voice.say(
        "The activities [run|go] between milestones; one [starts|may start] when all that end at its first milestone are [over|done]:",
        "[From and to are milestones|Milestones e1 and so on]: whatever leaves one waits for [all|everything] that arrives there:",
    )
    return f"{lead}\n{voice.table(heads, rows)}"


def _tell(drawing: Drawing, voice: Voice, made: _Instance, shape: str) -> str:
    days = voice.count(made.deadline, "day")
    late = voice.count(made.length(False), "day")
    opening = voice.say(
        "The {project} [in|at] {town} is [running late|behind schedule]: [as planned|at the normal pace] it would take {late}",
        "{person} is in charge of {a_project} that [must|has to] be [finished|done] in less time than planned",
        "[Time can be bought|One can pay for speed]: [that|this] is [what|how] {person} [hopes|plans] to [save|rescue] the {project} in {town}",
        "[A client|The owner] wants the {project} [sooner|earlier] than the {late} it [normally|usually] takes",
        "[Overtime|Extra crews] can [shorten|speed up] [some|the] activities of the {project} [in|near] {town}",
        project=made.project, a_project=f"the {made.project}", town=voice.town, person=voice.person, late=late,
    )  # fmt: skip
    facts = {}
    if drawing.size != "large":
        facts["deadline"] = voice.say(
            "The [deadline|date agreed] is {days} [after the start|from the start]", "[It|Everything] [must|has to] be [over|finished] {days} after [it begins|the start]",
            "[No more than|At most] {days} [may|can] pass from start to end", days=days,
        )  # fmt: skip
    facts["parts"] = voice.say(
        "[Parts of a day|Fractions of days] can be [bought|saved] too, at the same rate",
        "[One|It] pays in proportion: [half a day|a quarter of a day] saved [counts|is charged] as such",
        "Days [can be|may be] split when [saving|shortening]",
        "Half days [count|cost] half",
        "[Any|A] fraction of a day can be saved as well",
    )
    if drawing.size == "small":
        facts |= _prose(voice, made)
    elif drawing.size == "medium":
        facts["table"] = _table(voice, made)
    else:
        facts["wait"] = voice.say(
            "An activity [starts|may begin] when [all|every one] of those that end at its first milestone [are|is] over".replace(
                "[all|every one] of those that end at its first milestone [are|is]",
                "all those that end at its first milestone are",
            ),
            "No activity leaves a milestone before everything that arrives there is done",
        )
        facts["table"] = shape
    if made.budget is not None:
        facts["budget"] = voice.say(
            "[In all|Altogether], [at most|no more than] {n} can be saved", "[The crews can|One can] [do without|make up] {n} [in total|over the whole project], not more",
            n=voice.count(made.budget, "day"),
        )  # fmt: skip
    question = voice.say(
        "[Which|What] activities should be [shortened|sped up], and by how much, to [meet the deadline|be in time] at the least extra cost?",
        "What is the [cheapest|least expensive] way to [finish|be done] in time?",
        "[Find|Plan] the speeding up that costs least",
        "How [little|much] must be spent [at least |]so that the deadline [holds|is kept]?".replace(
            "[little|much]", "much"
        ),
    )
    asides = voice.distractors(voice.words.below(3), *_ASIDES)
    return voice.compose(opening, facts, question, asides, last=("table",) if "table" in facts else ())


def _prose(voice: Voice, made: _Instance) -> dict[str, str]:
    first, second, last = made.activities
    facts = {
        "order": voice.say(
            "{first} and {second} [can go on|run] side by side from the start; {last} [comes after|must wait for] both",
            "{last} [cannot begin|starts only] {when} {first} and {second} are [over|finished]; these two [are independent|can overlap] and start at once",
            "[At first|To begin with] there are {first} and {second}, in parallel; when the later of them is done, {last} [follows|is next]",
            first=first, second=second, last=last, when="before" if voice.larger_units else "after",
        ).replace("cannot begin after", "cannot begin before").replace("starts only before", "starts only after")
    }  # fmt: skip
    for k, name in enumerate(made.activities):
        facts[f"activity{k}"] = voice.say(
            "{name} [takes|needs] {normal} and can be cut by up to {save}, [at|for] {cost} a day", "{name}: {normal} [normally|as a rule], {cost} for each day saved, at most {save}",
            "[For|With] {cost} a day, up to {save} can be saved [on|in] {name}, which [normally|otherwise] [takes|lasts] {normal}",
            name=name, normal=voice.count(made.normal[k], "day"), save=voice.count(made.saves[k], "day"), cost=voice.money(made.cost[k]),
        )  # fmt: skip
    return facts


FAMILY = Family(
    "project-crashing",
    "which activities to speed up, at a price, so that a project meets its deadline",
    _draft,
    {
        "small": ("plain", "infeasible", "redundant", "sometimes", "twin"),
        "medium": ("plain", "infeasible", "redundant", "sometimes", "twin"),
        "large": ("plain", "infeasible"),
    },
)
