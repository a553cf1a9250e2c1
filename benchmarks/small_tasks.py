"""Small broken repositories, made from a seed: one fault, a test that shows it, an issue that tells of it."""

import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from agent.demo import example_task
from agent.task import Task
from envs.fresh import commit_folder


class _Fault(NamedTuple):
    """A function that is wrong in one line.

    Attributes:
        name: Its name.
        source: Its text with `{line}` where the line at fault stands.
        right: That line as it should be.
        wrong: As it is.
        check: An assertion that only the right one passes.
        issue: What a user says about it.
    """

    name: str
    source: str
    right: str
    wrong: str
    check: str
    issue: str


_FAULTS = (
    _Fault(
        "average",
        "def average(values):\n    if not values:\n        return 0\n    {line}\n",
        "return sum(values) / len(values)",
        "return sum(values) / (len(values) - 1)",
        "average([2, 4, 6]) == 4",
        "The average of 2, 4 and 6 comes out as 6.",
    ),
    _Fault(
        "clamp",
        "def clamp(value, low, high):\n    {line}\n",
        "return max(low, min(value, high))",
        "return min(low, max(value, high))",
        "clamp(7, 0, 5) == 5",
        "Clamping 7 between 0 and 5 gives 0.",
    ),
    _Fault(
        "slug",
        "def slug(title):\n    words = title.lower().split()\n    {line}\n",
        'return "-".join(words)',
        'return "_".join(words)',
        'slug("A Fine Day") == "a-fine-day"',
        "Slugs have underscores where they should have dashes.",
    ),
    _Fault(
        "last",
        "def last(items, count):\n    if count == 0:\n        return []\n    {line}\n",
        "return items[-count:]",
        "return items[:count]",
        "last([1, 2, 3, 4], 2) == [3, 4]",
        "Asking for the last two items returns the first two.",
    ),
    _Fault(
        "is_leap",
        "def is_leap(year):\n    {line}\n",
        "return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)",
        "return year % 4 == 0 and year % 100 != 0",
        "is_leap(2000)",
        "The year 2000 is not taken for a leap year.",
    ),
    _Fault(
        "count_words",
        "def count_words(text):\n    found = {}\n    for word in text.split():\n        {line}\n"
        "    return found\n",
        "found[word] = found.get(word, 0) + 1",
        "found[word] = 1",
        'count_words("a b a") == {"a": 2, "b": 1}',
        "A word that comes twice is counted once.",
    ),
    _Fault(
        "parse_pair",
        "def parse_pair(line):\n    {line}\n    return key.strip(), value.strip()\n",
        'key, _, value = line.partition("=")',
        'key, _, value = line.rpartition("=")',
        'parse_pair("a = b = c") == ("a", "b = c")',
        "A value with an equals sign in it ends up in the key.",
    ),
    _Fault(
        "total",
        "def total(prices, discount=0):\n    full = sum(prices)\n    {line}\n",
        "return full * (100 - discount) / 100",
        "return full - discount",
        "total([50, 50, 100], 10) == 180",
        "A discount of 10 percent on 200 takes off 10 instead of 20.",
    ),
)
_FILLER = "def {name}(value):\n    return value {sign} {number}\n"


@contextmanager
def small_task(seed: int) -> Iterator[Task]:
    """Make the task of a seed for as long as the context lasts; each ninth is the project's own example."""
    if seed % (len(_FAULTS) + 1) == len(_FAULTS):
        with example_task() as task:
            yield task
        return
    draw = random.Random(seed)
    fault = _FAULTS[seed % (len(_FAULTS) + 1)]
    module = draw.choice(["tools", "core", "shop", "helpers", "records", "text"])
    others = [
        _FILLER.format(name=name, sign=draw.choice("+-*"), number=draw.randint(2, 99))
        for name in draw.sample(
            ["widen", "scale", "shift", "bump", "raise_by", "lower", "grow"], draw.randint(1, 5)
        )
    ]
    functions = [*others, fault.source.replace("{line}", fault.wrong)]
    draw.shuffle(functions)
    tests = (
        f"import unittest\n\nfrom {module} import {fault.name}\n\n\nclass Test(unittest.TestCase):\n"
        f"    def test_{fault.name}(self):\n        self.assertTrue({fault.check})\n"
    )
    with tempfile.TemporaryDirectory(prefix="patchwright-task-", ignore_cleanup_errors=True) as folder:
        root = Path(folder) / module
        (root / "tests").mkdir(parents=True)
        (root / f"{module}.py").write_text("\n\n".join(functions), encoding="utf-8")
        (root / "tests" / "__init__.py").touch()
        (root / "tests" / f"test_{module}.py").write_text(tests, encoding="utf-8")
        commit_folder(root, "Everything so far")
        yield Task(id=f"small-{seed}", statement=f"{fault.issue}\n", repository=str(root))
