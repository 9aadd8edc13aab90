"""Networks that several families share: directed graphs drawn in layers, and how their links are told."""

from __future__ import annotations

from dataclasses import dataclass

from .drawing import Drawing
from .lexicon import TOWNS
from .prose import Voice

_PLACES = (
    ("junction", ("Alder", "Birch", "Cedar", "Dune", "Elm", "Fir", "Grove", "Heath")),
    ("station", ("North", "Mill", "Harbour", "Bridge", "Castle", "Market", "Quarry", "South")),
    ("node", ("A", "B", "C", "D", "E", "F", "G", "H")),
    ("site", ("the reservoir", "the dam", "the tower", "the weir", "the farm", "the lock", "the mill", "the town")),
)


@dataclass(frozen=True, slots=True)
class Network:
    """``links`` go from an earlier to a later node unless drawn back; the first node is the start, the last the end."""

    nodes: tuple[str, ...]
    links: tuple[tuple[int, int], ...]

    def incidence(self) -> list[list[int]]:
        """[node][link]: 1 when the link leaves the node, -1 when it enters, else 0."""
        return [[(i == a) - (i == b) for a, b in self.links] for i in range(len(self.nodes))]


def layered(drawing: Drawing, names: tuple[str, ...], extra: int) -> Network:
    """Every node lies on a way from the first to the last; ``extra`` more links are thrown in, some going back."""
    numbers, count = drawing.numbers, len(names)
    links: list[tuple[int, int]] = []
    for node in range(1, count):
        links.append((numbers.between(max(0, node - 3), node - 1), node))
    for node in range(count - 1):
        if not any(a == node for a, _ in links):
            links.append((node, numbers.between(node + 1, min(count - 1, node + 3))))
    for _ in range(20 * extra):
        if extra <= 0:
            break
        a = numbers.below(count - 1)
        b = min(count - 1, max(1, a + numbers.pick((-1, 1, 1, 2, 2, 3))))
        if a != b and (a, b) not in links:
            links.append((a, b))
            extra -= 1
    return Network(names, tuple(sorted(set(links))))


def diamond(names: tuple[str, ...]) -> Network:
    """Four nodes, five links: two ways from start to end and a link across."""
    return Network(names, ((0, 1), (0, 2), (1, 2), (1, 3), (2, 3)))


def place_names(drawing: Drawing, count: int) -> tuple[str, ...]:
    """Names of the nodes of a small or medium network, in order from start to end."""
    numbers = drawing.numbers
    if numbers.chance(0.4):
        return tuple(numbers.sample(TOWNS, count))
    return tuple(numbers.pick(_PLACES)[1][:count])


def tell_links(voice: Voice, network: Network, what: str, values: list[str], tabled: bool, lead: str) -> dict[str, str]:
    """The links with one value each, as a table or in prose, two ways; ``what`` heads the values' column."""
    ends = [(network.nodes[a], network.nodes[b]) for a, b in network.links]
    if tabled:
        rows = [[f"{a} - {b}", value] for (a, b), value in zip(ends, values, strict=True)]
        return {"table": f"{lead}\n{voice.table(['from - to', what], rows)}"}
    if voice.words.chance(0.5):
        pieces = [f"{a} to {b} {value}" for (a, b), value in zip(ends, values, strict=True)]
        return {"links": f"{lead} {voice.listing(pieces)}."}
    facts = {}
    form = voice.pick(
        "{a} to {b}: {value}",
        "From {a} to {b}, {value}",
        "The link from {a} to {b} has {value}",
        "{value} from {a} to {b}",
    )
    for k, ((a, b), value) in enumerate(zip(ends, values, strict=True)):
        facts[f"link{k}"] = voice.say(form, a=a, b=b, value=value)
    facts["lead"] = lead.rstrip(":") + "."
    return facts
