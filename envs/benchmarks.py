"""The benchmarks of one function with a fault: a name, and a reader of the data. All else is shared."""

from collections.abc import Callable
from typing import NamedTuple

from envs import quixbugs
from envs.humanevalfix import reader
from envs.humanevalfix.instance import Setting
from envs.humanevalfix.languages import LANGUAGES, LanguageName
from envs.humanevalfix.reader import Problem
from trajectories.errors import UsageError


class Benchmark(NamedTuple):
    """A benchmark.

    Attributes:
        name: As commands and results call it.
        title: As people call it.
        languages: The languages that its tasks are read in.
        read: Returns the problems of some data in a language and a setting.
    """

    name: str
    title: str
    languages: tuple[LanguageName, ...]
    read: Callable[[str, LanguageName, Setting], list[Problem]]

    def language_named(self, name: str) -> LanguageName:
        """Return the language of a name that a user typed.

        Raises:
            UsageError: The benchmark has none of that name.
        """
        for language in self.languages:
            if name == language:
                return language
        raise UsageError(
            f"There is no language {name!r} in {self.title}; choose one of {', '.join(self.languages)}."
        )

    def problems(self, data: str, language: str, setting: str) -> list[Problem]:
        """Return the problems of some data, the language and the setting given as a user types them.

        Raises:
            UsageError: There is no such language or setting, or the data is not what it must be.
        """
        if setting not in list(Setting):
            raise UsageError(f"There is no setting {setting!r}; choose {' or '.join(Setting)}.")
        return self.read(data, self.language_named(language), Setting(setting))


HUMANEVALFIX = Benchmark("humanevalfix", "HumanEvalFix", LANGUAGES, reader.read)
QUIXBUGS = Benchmark(
    "quixbugs", "QuixBugs", ("python",), lambda data, _, setting: quixbugs.read(data, setting)
)
