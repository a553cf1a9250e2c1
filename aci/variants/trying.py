"""Trying texts of a file as variants of few programs; see `aci.variants`."""

import math
import re
from collections.abc import Mapping, Sequence

from aci.command_trials import judged
from aci.grammars import language_of
from aci.rendering import clipped
from aci.variants.box import Box, Unusual
from aci.variants.building import try_group
from aci.variants.commands import steps
from aci.variants.grouping import Group, alone, grouped
from aci.variants.imports import left_unused
from aci.variants.lanes import Left, Work
from aci.variants.program import program
from aci.verdicts import Trial
from aci.workspace import Workspace

__all__ = ["Unusual", "try_variants"]

_NAME = re.compile(r"patchwright__variant\d+")
_LANGUAGES = frozenset({"java", "go", "cpp", "rust", "javascript"})
_HEADERS = (".h", ".hh", ".hpp", ".hxx")
_MOST = 100
_SHOWN = 300
_PROBE_SECONDS = 1
# A JVM starts in a tenth of this; a command that builds again needs its compiler's time.
_STARTING_SECONDS = 1
_BUILDING_SECONDS = 8


async def try_variants(
    workspace: Workspace,
    path: str,
    texts: Sequence[str],
    command: str,
    *,
    probes: Sequence[str] = (),
    cpu_seconds: float,
    wall_seconds: float,
    stop_after: int = 0,
    total_seconds: float = 0.0,
) -> list[Trial]:
    """Do what `aci.trials.try_texts` does, by a test command.

    Raises:
        Unusual: The file, the command or what they do is none of the cases known here; nothing was changed.
        FileProblem: The file can't be read.
    """
    language = language_of(path)
    if language not in _LANGUAGES or path.endswith(_HEADERS) or not texts:
        raise Unusual("there are no variants in this language")
    original = (await workspace.read(path)).data.decode("utf-8", "replace")
    # The original is number 0; a text that comes twice is tried once.
    numbers: dict[str, int] = {original: 0}
    for text in texts:
        numbers.setdefault(text, len(numbers))
    wanted = {numbers[text]: text for text in texts}
    errors = {number: said for number, text in wanted.items() if (said := left_unused(path, original, text))}
    async with Box.opened(workspace, path) as box:
        found = {
            number: Trial("error", (), (path,), clipped(said, _SHOWN)) for number, said in errors.items()
        }
        whole = _Trying(box, command, probes, cpu_seconds, wall_seconds, stop_after, total_seconds, found)
        rest = {number: text for number, text in wanted.items() if number not in found}
        if language == "javascript":
            await whole.plain(rest)
        else:
            await whole.grouped(grouped(path, original, rest, _MOST))
    return _in_order(texts, numbers, found, stop_after)


def _in_order(
    texts: Sequence[str], numbers: Mapping[str, int], found: Mapping[int, Trial], stop_after: int
) -> list[Trial]:
    trials: list[Trial] = []
    last = max((at for at, text in enumerate(texts) if numbers[text] in found), default=-1)
    for text in texts[: last + 1]:
        if stop_after and sum(trial.status == "passed" for trial in trials) >= stop_after:
            break
        trials.append(found.get(numbers[text], Trial("starved", (), (), "not tried")))
    return trials


class _Trying:
    """One call of `try_variants`, under way."""

    def __init__(
        self,
        box: Box,
        command: str,
        probes: Sequence[str],
        cpu: float,
        wall: float,
        stop_after: int,
        total: float,
        found: dict[int, Trial],
    ) -> None:
        self._box, self._probes, self._found = box, probes, found
        self._steps = steps(command, box.folder)
        self._dropped: set[int] = set()
        self._ran = False
        self._cpu, self._wall = cpu, wall
        self._stop_after, self._total = stop_after, total

    async def plain(self, texts: Mapping[int, str]) -> None:
        """Try texts of a language that needs no building, in two trees."""
        calls = dict(enumerate(self._probes))
        made = {number: program(self._box.path, alone(text, number), calls) for number, text in texts.items()}
        await self._box.write_each({number: one.text for number, one in made.items()})
        work = self._work("", list(texts), len(calls), own_texts=True)
        self._keep((await self._box.run(work, copying=True, checking=False)).left)

    async def grouped(self, groups: Sequence[Group]) -> None:
        """Try groups, one program each."""
        for turn, group in enumerate(groups):
            if self._enough():
                return
            calls = dict(enumerate(self._probes))
            if not await self._group(group, calls, checking=turn == 0):
                # What can't be told apart in one program is told apart in several.
                for number, body in group.bodies.items():
                    single = alone(group.text(body), number)
                    if not self._enough() and not await self._group(single, calls, checking=False):
                        self._unbuilt(number)
        for number, trial in self._found.items():
            said = ["?" if at in self._dropped else one for at, one in enumerate(trial.behaviour)]
            known = any(one != "?" for one in said)
            self._found[number] = trial._replace(behaviour=tuple(said) if known else ())

    async def _group(self, group: Group, calls: Mapping[int, str], *, checking: bool) -> bool:
        tried = await try_group(
            self._box, self._steps, group, calls,
            lambda build, numbers, probes: self._work(build, numbers, probes, own_texts=False),
            checking=checking,
        )  # fmt: skip
        if tried is None:
            return False
        if group.site is not None:
            # A single text may have changed what a probe calls; that says nothing of the probe.
            self._dropped |= tried.dropped
        for number, message in tried.errors.items():
            self._found[number] = Trial("error", (), (self._box.path,), clipped(message, _SHOWN))
        self._keep(tried.left)
        return True

    def _unbuilt(self, number: int) -> None:
        """Note that a text does not build, of which the compiler names no line."""
        if not self._ran:
            raise Unusual("nothing builds as it should")
        self._found[number] = Trial("error", (), (self._box.path,), "it does not build")

    def _work(self, build: str, numbers: Sequence[int], probes: int, *, own_texts: bool) -> Work:
        passed = sum(trial.status == "passed" for trial in self._found.values())
        again = _BUILDING_SECONDS if self._steps.builds_too and not own_texts else 0
        return Work(
            box=self._box.folder, path=self._box.path, build=build, run=self._steps.run, numbers=numbers,
            own_texts=own_texts, probes=len(self._probes) if probes else 0, joined=own_texts,
            cpu=math.ceil(self._cpu) + _STARTING_SECONDS + again,
            probe_cpu=_PROBE_SECONDS + again, wall=math.ceil(self._wall),
            stop_after=max(0, self._stop_after - passed),
            total=max(1.0, self._total - self._box.seconds) if self._total else 0.0,
            timeout=self._box.has_timeout,
        )  # fmt: skip

    def _enough(self) -> bool:
        passed = sum(trial.status == "passed" for trial in self._found.values())
        late = self._total and self._box.seconds >= self._total
        return bool((self._stop_after and passed >= self._stop_after) or late)

    def _keep(self, left: Mapping[int, Left]) -> None:
        path = self._box.path
        self._ran |= bool(left)
        for number, one in left.items():
            run = judged(str(one.code), one.times, one.output, self._cpu)
            passed = run.status == "passed"
            said = tuple(clipped(line, _SHOWN) for line in one.said[: len(self._probes)])
            self._found[number] = Trial(
                run.status,
                (path,) if passed else (),
                () if passed else (path,),
                _NAME.sub("", run.message),
                said if any(line != "?" for line in said) else (),
            )
