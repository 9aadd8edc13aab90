"""Portfolio: the least risky way to earn at least so much, a convex quadratic program (Markowitz 1952).

Risk is the variance. The covariances are drawn as factors times their transpose plus what each asset has of its own, so
the objective is convex whatever is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...feasibility.language.formulation import Variable
from ...feasibility.rationals import Exact, Fraction, simplify
from .algebra import Written, codes, decimal, flat, identifier, indexed, linear, matrix, scalar, vector
from .drawing import Draft, Drawing, Family, finished
from .prose import Voice
from .shape import describe

_ASSETS = (
    ("stocks", "bonds", "gold", "real estate", "cash", "timber", "oil"),
    ("Asia fund", "Europe fund", "Americas fund", "Africa fund", "small caps", "treasuries", "commodities"),
    ("solar shares", "rail shares", "bank shares", "food shares", "chip shares", "water shares", "mining shares"),
    ("wind park", "toll road", "hospital", "data centre", "forest", "harbour", "car park"),
    ("Alba", "Borealis", "Cygnus", "Dorado", "Electra", "Fornax", "Gemini"),
)
_OWNERS = (
    "a pension fund",
    "a foundation",
    "a family office",
    "a university",
    "an insurer",
    "a town treasurer",
    "a widow",
    "a start-up",
)
_ASIDES = (
    "In {year}, [the same money|such a sum] would have [earned|brought] {some} a month",
    "The [bank|adviser] charges {sum} a year [either way|whatever is bought]",
    "[Newspapers|Analysts] [expect|predict] [a crisis|a boom] in {month}, [as always|but nobody knows]",
)


@dataclass(frozen=True, slots=True)
class _Instance:
    owner: str
    assets: tuple[str, ...]
    gain: tuple[Exact, ...]
    """Expected return of one unit, in per cent."""
    risk: tuple[tuple[int, ...], ...]
    """Covariances, per cent squared."""
    target: Exact
    cap: int | None = None
    """The most of one asset, per cent."""
    capped: int = 0


def _instance(drawing: Drawing) -> _Instance:
    numbers = drawing.numbers
    count = drawing.one_of(numbers.between(2, 3), numbers.between(4, 5), numbers.between(24, 32))
    names = numbers.pick(_ASSETS)
    assets = tuple(codes("s", count)) if drawing.size == "large" else tuple(numbers.sample(names, count))
    factors = drawing.one_of(1, 2, 4)
    loads = [[numbers.between(-2, 5) for _ in range(factors)] for _ in assets]
    own = [numbers.between(1, 12) for _ in assets]
    risk = tuple(
        tuple(
            sum(a * b for a, b in zip(loads[i], loads[j], strict=True)) + (own[i] if i == j else 0)
            for j in range(count)
        )
        for i in range(count)
    )
    gain = tuple(numbers.tenths(10, 120, 5) for _ in assets)
    low, high = min(gain), max(gain)
    target = simplify(low + (high - low) * Fraction(numbers.between(4, 8), 10))
    target = simplify(Fraction(int(target * 10), 10))
    made = _Instance(numbers.pick(_OWNERS), assets, gain, risk, target)
    return made if drawing.is_a("plain") else _changed(drawing, made)


def _changed(drawing: Drawing, made: _Instance) -> _Instance:
    change = drawing.change
    k = change.below(len(made.assets))
    if drawing.is_a("infeasible"):
        return replace(made, target=max(made.gain) + change.tenths(2, 15))
    if drawing.is_a("redundant"):
        return replace(made, cap=100 + change.between(0, 4) * 5, capped=k)
    if drawing.is_a("sometimes"):
        return replace(made, cap=change.between(5, 18) * 5, capped=k)
    if change.chance(0.5):
        return replace(made, target=made.target + change.pick((-1, 1)) * change.tenths(3, 12))
    more = change.between(3, 15)
    risk = tuple(tuple(v + more if i == j == k else v for j, v in enumerate(row)) for i, row in enumerate(made.risk))
    return replace(made, risk=risk)


def _draft(drawing: Drawing) -> Draft:
    made = _instance(drawing)
    voice = Voice.of(drawing)
    draft = _flat(made) if drawing.size == "small" else _indexed(drawing, voice, made)
    text = _tell(drawing, voice, made, draft.text)
    marked = ("cap",) if made.cap is not None else ()
    return finished(drawing, draft, text, "percent squared", marked)


def _flat(made: _Instance) -> Draft:
    names = [identifier(name) for name in made.assets]
    count = len(names)
    terms: list[tuple[Exact, str]] = [(made.risk[i][i], f"{names[i]}**2") for i in range(count)]
    terms += [(2 * made.risk[i][j], f"{names[i]}*{names[j]}") for i in range(count) for j in range(i + 1, count)]
    rows: dict[str, Written] = {
        "all": f"{linear([(1, name) for name in names])} == 1",
        "earn": f"{linear(list(zip(made.gain, names, strict=True)))} >= {decimal(made.target)}",
    }
    if made.cap is not None:
        rows["cap"] = f"{names[made.capped]} <= {decimal(Fraction(made.cap, 100))}"
    return Draft(
        "",
        flat(dict.fromkeys(names, "continuous"), "minimize", linear(terms), rows),
        units=dict.fromkeys(names, "share"),
    )


def _indexed(drawing: Drawing, voice: Voice, made: _Instance) -> Draft:
    words = drawing.words
    assets = [identifier(name) for name in made.assets]
    a = words.pick(("A", "assets", "S", "funds"))
    gain, risk, share = words.pick(
        (("gain", "risk", "share"), ("mu", "cov", "w"), ("earnings", "covariance", "weight"))
    )
    parameters = {gain: vector(a, assets, made.gain), risk: matrix(a, a, assets, assets, made.risk)}
    target = decimal(made.target)
    if drawing.size == "large":
        parameters["target"] = scalar(made.target)
        target = "target"
    rows: dict[str, Written] = {
        "all": f"sum({share}[i] for i in {a}) == 1",
        "earn": f"sum({gain}[i]*{share}[i] for i in {a}) >= {target}",
    }
    if made.cap is not None:
        rows["cap"] = f"{share}[{assets[made.capped]}] <= {decimal(Fraction(made.cap, 100))}"
    reference, data = indexed(
        drawing, {a: assets}, parameters, {share: Variable("continuous", 0, index=(a,))}, "minimize",
        f"sum({risk}[i,j]*{share}[i]*{share}[j] for i in {a} for j in {a})", rows,
    )  # fmt: skip
    shape = ""
    if drawing.size == "large":
        meanings = {
            gain: "[expected return of an asset, in percent|mean gain on an asset (percent)|what an asset is expected to earn, percent|percent that an asset brings on average]",
            risk: "[covariance of the returns of two assets, in percent squared|how two returns vary together (covariance, percent squared)|covariances, with variances where both are the same asset, percent squared]",
            "target": "[the return that the whole must reach, in percent|least mean return of the mix (percent)|percent that must be expected in all, or more]",
        }
        shape = describe(voice, data, {a: "the assets"}, meanings)
    return Draft(shape, reference, data, units={share: "share"})


def _tell(drawing: Drawing, voice: Voice, made: _Instance, shape: str) -> str:
    listed = voice.listing(made.assets) if drawing.size != "large" else f"{voice.number(len(made.assets))} assets"
    sum_of_money = voice.money(voice.words.between(2, 90) * 10_000)
    opening = voice.say(
        "{owner} [invests|splits] {sum} [among|over] {listed}", "{person} [advises|works for] {owner} and [has to|must] divide {sum} [among|between] {listed}",
        "[How should|In which shares should] {owner} [spread|divide] its money [over|among] {listed}?",
        "{listed}: [these|such] are the choices [open to|of] {owner}", "[Not losing sleep|A quiet life] matters [more|most] to {owner}, [who|which] can [buy|hold] {listed}".replace("[who|which]", "that"),
        owner=made.owner, sum=sum_of_money, person=voice.person, listed=listed,
        plainly="{owner} splits all of the money over {listed}",
    )  # fmt: skip
    facts = {
        "all": voice.say(
            "[All of the|The whole] money is [invested|put to work], and nothing is [sold short|borrowed]",
            "[Nothing is held back|Everything is spent]; shares cannot be negative",
            "The shares [add up to|make up] the whole, and [none is below zero|short sales are excluded]",
        ),
        "risk": voice.say(
            "Risk is [measured|counted] as the variance of the return, in percent squared",
            "The variance of the [total|overall] return [stands for|is taken as] the risk",
            "[By risk|Risk here] is meant the variance, shares as fractions of one".replace(
                "[By risk|Risk here] is meant", "By risk we mean"
            ),
        ),
    }
    if drawing.size == "large":
        facts["table"] = shape
    else:
        facts["target"] = voice.say(
            "[At least|No less than] {target} [must|has to] be [earned|expected] [on the whole|in all]", "The expected return [must|should] [reach|come to] {target} or more",
            "[An expected|A mean] return below {target} is [not acceptable|ruled out]", target=voice.percent(Fraction(made.target) / 100),
        )  # fmt: skip
        facts |= _figures(drawing, voice, made)
    if made.cap is not None:
        facts["cap"] = voice.say(
            "[No more than|At most] {cap} may [go|be put] into {asset}", "{asset} may [make up|be] {cap} [of the whole |]at most",
            cap=voice.percent(Fraction(made.cap, 100)), asset=made.assets[made.capped],
        )  # fmt: skip
    question = voice.say(
        "[Which|What] [shares|mix] [have|has] the [smallest|least] risk?".replace("[shares|mix] [have|has]", "mix has"),
        "[Find|Choose] the mix with the lowest variance",
        "How [is|can] the variance [be |]kept as low as possible?".replace(
            "[is|can] the variance [be |]kept", "can the variance be kept"
        ),
        "Minimize the variance of the [portfolio|whole]",
    )
    asides = voice.distractors(voice.words.below(3), *_ASIDES)
    return voice.compose(opening, facts, question, asides, last=("table",) if "table" in facts else ())


def _figures(drawing: Drawing, voice: Voice, made: _Instance) -> dict[str, str]:
    gains = [
        f"{voice.percent(Fraction(g) / 100)} [from|on] {name}".replace("[from|on]", "on")
        for g, name in zip(made.gain, made.assets, strict=True)
    ]
    facts = {
        "gain": voice.say(
            "[Expected|Mean] returns are {gains}", "[One expects|The forecast is] {gains}", "{gains} [can be expected|is the mean return a year]", gains=voice.listing(gains)
        )
    }  # fmt: skip
    if drawing.size == "medium":
        rows = [[name, *(str(v) for v in made.risk[i])] for i, name in enumerate(made.assets)]
        lead = voice.say(
            "Covariances [of the returns|], in percent squared:", "The covariance matrix (percent squared):"
        )
        return {**facts, "table": f"{lead}\n{voice.table(['', *made.assets], rows)}"}
    own = [f"{made.risk[i][i]} for {name}" for i, name in enumerate(made.assets)]
    both = [
        f"{made.risk[i][j]} between {made.assets[i]} and {made.assets[j]}"
        for i in range(len(made.assets)) for j in range(i + 1, len(made.assets))
    ]  # fmt: skip
    facts["variance"] = voice.say(
        "[Variances|The variances of the returns] are {own}",
        "{own}: [these are|such are] the variances",
        own=voice.listing(own),
    )
    facts["covariance"] = voice.say(
        "[Covariances|The covariance]: {both}", "[As to|For] covariance, it is {both}", both=voice.listing(both)
    )
    return facts


FAMILY = Family(
    "portfolio",
    "the least variance at a required return (convex quadratic)",
    _draft,
    {
        "small": ("plain", "infeasible", "redundant", "sometimes", "twin"),
        "medium": ("plain", "infeasible", "redundant", "sometimes", "twin"),
        "large": ("plain", "infeasible"),
    },
)
