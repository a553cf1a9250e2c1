"""What makes a program evaluate probes instead of doing its work, in each language.

A program that finds `PATCHWRIGHT_PROBES` in its environment appends a line to that file for each probe, from
the number in `PATCHWRIGHT_FROM` on, and ends. It makes the file `….begun` first. In JavaScript it does so
when it ends, after its work.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import NamedTuple


class Hook(NamedTuple):
    """Pieces of text around a program.

    Attributes:
        top: Goes to its top, in Go behind the package clause.
        inside: Goes into its classes, where a language needs that.
        pieces: Go to its end, each with the place of its probe, or -1.
    """

    top: str
    inside: str
    pieces: Sequence[tuple[int, str]]


_GO_IMPORTS = ("os", "fmt", "strconv", "strings", "regexp")
_SUFFIXES = {"java": "java", "go": "go", "cpp": "cpp", "rust": "rs", "javascript": "js"}

_ONE = {
    "java": "static Object probe{number}() throws Throwable {{ return {probe}; }}\n",
    "go": "func patchwrightProbe{number}() string {{ return patchwrightShown({probe}) }}\n",
    "cpp": "static std::string probe{number}() {{ return shown({probe}); }}\n",
    "rust": 'fn probe{number}() -> String {{ format!("{{:?}}", {probe}) }}\n',
}
_CHOICE = {
    "java": "case {number}: return probe{number}();\n",
    "go": "case {number}: return patchwrightProbe{number}()\n",
    "cpp": "case {number}: return probe{number}();\n",
    "rust": "{number} => probe{number}(),\n",
}


def hook_of(language: str, probes: Mapping[int, str]) -> Hook:
    """Return the hook for probes, given by their places among all probes; those left out are "?"."""
    if language == "go":
        names = _GO_IMPORTS if probes else ("os",)
        top = "".join(f'; import patchwright{name.title()} "{name}"' for name in names)
        # The program may use none of them.
        unused = "\nvar _ = patchwrightOs.Getenv\n"
        return Hook(top, "", [(-1, unused), *_pieces(language, probes)] if probes else [(-1, unused)])
    if not probes:
        return Hook("", "", ())
    if language == "javascript":
        calls = [probes.get(number, "") for number in range(max(probes) + 1)]
        return Hook("; " + _source(language).replace("CALLS", json.dumps(calls)).replace("\n", " "), "", ())
    inside = " static { PatchwrightProbes.run(); } " if language == "java" else ""
    return Hook("", inside, _pieces(language, probes))


def _pieces(language: str, probes: Mapping[int, str]) -> list[tuple[int, str]]:
    head, middle, tail = _source(language).split("// PART\n")
    pieces = [(-1, head)]
    pieces += [
        (number, _ONE[language].format(number=number, probe=probe)) for number, probe in probes.items()
    ]
    choices = "".join(_CHOICE[language].format(number=number) for number in probes)
    count = str(max(probes) + 1)
    return [*pieces, (-1, middle), (-1, choices), (-1, tail.replace("COUNT", count))]


@cache
def _source(language: str) -> str:
    name = f"{_SUFFIXES[language]}.txt"
    return resources.files("aci.variants.hooks").joinpath(name).read_text("utf-8")
