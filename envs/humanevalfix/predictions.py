"""Predictions: what is handed in for a task, as a whole file or as a patch.

A line of JSON is one prediction: `instance_id`, and either `model_patch` (a unified diff against the
instance's repository, as SWE-bench has it) or `files` (paths with their whole text). Several lines of one
instance are several samples of it.
"""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from envs.hostgit import HostGit
from envs.humanevalfix.instance import Instance
from envs.humanevalfix.reader import Problem, describe
from trajectories.errors import UsageError

GOLD = "gold"
"""Stands for the right solutions, to try out the scoring itself."""
BUGGY = "buggy"
"""Stands for the programs as they were reported."""


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    instance_id: str
    model_patch: str | None = None
    files: Mapping[str, str] | None = None
    calls: int | None = None
    tokens: int | None = None

    @model_validator(mode="after")
    def _is_one_or_the_other(self) -> Self:
        if self.files is not None and self.model_patch:
            raise PydanticCustomError("both", "it has both files and model_patch")
        if self.files is None and "model_patch" not in self.model_fields_set:
            raise PydanticCustomError("neither", "it has neither files nor model_patch")
        return self


class Prediction(NamedTuple):
    """What is handed in.

    Attributes:
        problem: The task it is for.
        sample: Which of the task's predictions this is, counted from 0.
        text: The text of the function's file; None when nothing was handed in that applies.
        note: Why there is no text, or "".
        calls: Calls of the model, where they are known.
        tokens: Tokens of the model, where they are known.
    """

    problem: Problem
    sample: int
    text: str | None
    note: str = ""
    calls: int | None = None
    tokens: int | None = None


def read_predictions(source: str, problems: Sequence[Problem]) -> list[Prediction]:
    """Return the predictions for some problems, and an empty one for each problem that has none.

    Args:
        source: Path of a JSON-lines file, or `GOLD` or `BUGGY`.
        problems: The problems; a prediction for any other of their language is left out.

    Raises:
        UsageError: The file can't be read, a line is no prediction, or names no task of the language.
    """
    if source == GOLD:
        return [Prediction(problem, 0, problem.sealed.reference) for problem in problems]
    if source == BUGGY:
        return [
            Prediction(problem, 0, problem.instance.contents[problem.instance.file]) for problem in problems
        ]
    path = Path(source).expanduser()
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"The predictions {path} can't be read ({error.strerror}); give a JSON-lines file, {GOLD} or "
            f"{BUGGY}."
        ) from None
    found: dict[str, list[Prediction]] = {problem.instance.id: [] for problem in problems}
    known = {problem.instance.id: problem for problem in problems}
    for number, text in enumerate(content.split(b"\n"), 1):
        if not text.strip():
            continue
        line = _line(text, f"Line {number} of {path}")
        if line.instance_id not in known:
            raise UsageError(
                f"Line {number} of {path} is for {line.instance_id!r}, which is not among the tasks that are "
                "scored; check --language, --limit and the data."
            )
        samples = found[line.instance_id]
        samples.append(_prediction(line, known[line.instance_id], len(samples)))
    nothing = "there is no line for it"
    return [
        prediction
        for name, samples in found.items()
        for prediction in samples or [Prediction(known[name], 0, None, nothing)]
    ]


def _line(text: bytes, place: str) -> _Line:
    try:
        return _Line.model_validate_json(text)
    except ValidationError as error:
        raise UsageError(f"{place} is no prediction: {describe(error)}.") from None


def _prediction(line: _Line, problem: Problem, sample: int) -> Prediction:
    file, note = problem.instance.file, ""
    if line.files is not None:
        text = line.files.get(file)
        note = "" if text is not None else f"its files do not hold {file}"
    else:
        text, note = apply(line.model_patch or "", problem.instance)
    return Prediction(problem, sample, text, note, line.calls, line.tokens)


def apply(patch: str, instance: Instance) -> tuple[str | None, str]:
    """Return the text of the function's file under a patch, or None and why there is none."""
    if not patch.strip():
        return None, "the patch is empty"
    with tempfile.TemporaryDirectory(prefix="patchwright-") as name:
        folder = Path(name)
        tree = folder / "tree"
        tree.mkdir()
        for path, data in instance.files().items():
            (tree / path).write_bytes(data)
        git = HostGit.create(folder / "git")
        outcome = git.attempt(
            "apply",
            "-p1",
            "--whitespace=nowarn",
            "-",
            work_tree=tree,
            stdin=patch.encode("utf-8", "surrogateescape"),
        )
        file = tree / instance.file
        if outcome.status:
            return None, "the patch does not apply"
        # The patch may have put a link in its place, to any file of this machine.
        if file.is_symlink() or not file.is_file():
            return None, f"the patch leaves no file {instance.file}"
        return file.read_text("utf-8", "replace"), ""
