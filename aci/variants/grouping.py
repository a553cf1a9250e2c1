"""Which texts can share a program: those that differ inside the body of the same function, and only there."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from aci.functions import Function, function, functions
from aci.grammars import language_of, parse
from aci.variants.sites import Site, site


class Group(NamedTuple):
    """Texts for one program.

    Attributes:
        base: The text whose surroundings they share.
        site: The function that differs; None for a text that stands alone.
        bodies: The content of the function's braces in each text, by the text's number; "" without a site.
    """

    base: str
    site: Site | None
    bodies: Mapping[int, str]

    def text(self, body: str) -> str:
        """Return the whole text that a body belongs to."""
        place = self.site
        return self.base if place is None else self.base[: place.open] + body + self.base[place.close :]


def alone(text: str, number: int) -> Group:
    """Return a text as a group of its own."""
    return Group(text, None, {number: ""})


def grouped(path: str, original: str, texts: Mapping[int, str], most: int) -> list[Group]:
    """Return the groups of texts, in the order of their first ones, each of at most `most` texts."""
    language = language_of(path)
    known = functions(path, original) if language in _SHARING else []
    sites = [found for one in known if (found := site(path, original, one)) is not None]
    sets: dict[tuple[str, Site], dict[int, str]] = defaultdict(dict)
    single: dict[int, str] = {}
    for number, text in texts.items():
        place = next((place for place in sites if _within(original, place, text)), None)
        if place is None:
            single[number] = text
        elif _whole(language, original, place, text):
            sets[original, place][number] = text
        else:
            single[number] = text
    names = [one for one in known if any(place.open <= one.body <= place.close for _, place in sets)]
    names = names or known
    for key, members in _elsewhere(path, single, names).items():
        if len(members) > 1:
            sets[key].update(members)
            for number in members:
                del single[number]
    groups = [alone(text, number) for number, text in single.items()]
    for (base, place), members in sets.items():
        bodies = [(number, _body(base, place, text)) for number, text in members.items()]
        groups += [Group(base, place, dict(bodies[at : at + most])) for at in range(0, len(bodies), most)]
    return sorted(groups, key=lambda group: min(group.bodies))


_SHARING = frozenset({"java", "go", "rust", "cpp"})


def _within(base: str, place: Site, text: str) -> bool:
    return (
        len(text) >= place.open + len(base) - place.close
        and text.startswith(base[: place.open])
        and text.endswith(base[place.close :])
    )


def _body(base: str, place: Site, text: str) -> str:
    return text[place.open : len(text) - (len(base) - place.close)]


def _elsewhere(
    path: str, texts: Mapping[int, str], names: Sequence[Function]
) -> dict[tuple[str, Site], dict[int, str]]:
    """Return the texts that share surroundings other than the original's, such as one import more."""
    bases: dict[tuple[str, str], tuple[str, Site]] = {}
    found: dict[tuple[str, Site], dict[int, str]] = defaultdict(dict)
    language = language_of(path)
    for number, text in texts.items():
        for name in names:
            one = function(path, text, name.name)
            place = site(path, text, one) if one is not None else None
            if place is None or not _whole(language, text, place, text):
                continue
            key = text[: place.open], text[place.close :]
            base, first = bases.setdefault(key, (text, place))
            found[base, first][number] = text
            break
    return found


def _whole(language: str, base: str, place: Site, text: str) -> bool:
    """Say whether a text is sound enough to stand between others, where a brace too many would hurt them."""
    root = parse(language, text)
    if root is None:
        return False
    opening = len(text[: place.open].encode()) - 1
    node = root.descendant_for_byte_range(opening, opening + 1)
    while node is not None and node.type not in {"block", "compound_statement"}:
        node = node.parent
    ending = len(text[: len(text) - (len(base) - place.close)].encode()) + 1
    if node is None or node.has_error or node.start_byte != opening or node.end_byte != ending:
        return False
    return not (language == "cpp" and place.parameters and _hides(node, set(place.parameters)))


def _hides(body: Any, parameters: set[str]) -> bool:
    """Say whether a body declares a parameter anew, which only a body of its own lets it do."""
    for statement in body.named_children:
        if statement.type == "declaration":
            for child in statement.children_by_field_name("declarator"):
                inner = child
                while inner is not None and inner.type != "identifier":
                    inner = inner.child_by_field_name("declarator")
                if inner is not None and inner.text.decode("utf-8", "replace") in parameters:
                    return True
    return False
