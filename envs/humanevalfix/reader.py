"""Reads HumanEvalPack: from a JSON-lines file, or from the Hugging Face hub.

Each row becomes an `Instance` and a `Sealed`, see `envs.humanevalfix.instance`.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from envs.humanevalfix.composing import compose, python_check, rust_check, statement
from envs.humanevalfix.examples import python_examples, rust_examples
from envs.humanevalfix.instance import Instance, Sealed, Setting
from envs.humanevalfix.languages import BY_NAME, LanguageName
from envs.humanevalfix.visible import checks, cut_tests
from trajectories.errors import UsageError

HUB_NAME = "bigcode/humanevalpack"
HUB_REVISION = "48dbcf3b8935a9f4077f4f0622c9a931f5a453a5"


class Row(BaseModel):
    """A row of the data set, as far as it is used."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    task_id: str = Field(min_length=3)
    prompt: str
    declaration: str
    buggy_solution: str
    canonical_solution: str
    test: str
    entry_point: str = Field(pattern=r"^[A-Za-z_]\w*$")
    bug_type: str
    example_test: str | None = None
    docstring: str = ""
    signature: str = ""
    test_setup: str = ""


class Problem(NamedTuple):
    """A row, in two parts that are handed to different places."""

    instance: Instance
    sealed: Sealed


def read(data: str, language: LanguageName, setting: Setting = Setting.DOCSTRING) -> list[Problem]:
    """Return the problems of one language, in the data's order.

    Args:
        data: Path of a JSON-lines file, or `HUB_NAME` to take it from the hub.
        language: The language that every row must be of.
        setting: What the agent is told.

    Raises:
        UsageError: The data is not there, or a row is not what it must be; the sentence names the line.
    """
    path = _from_hub(language) if data == HUB_NAME else Path(data).expanduser()
    problems: dict[str, Problem] = {}
    for number, line in lines_of(path, HUB_NAME):
        row = _row(line, f"Line {number} of {path}")
        prefix = BY_NAME[language].prefix
        if not row.task_id.startswith(f"{prefix}/"):
            raise UsageError(
                f"Line {number} of {path} is the task {row.task_id!r}, which is none of {language} "
                f"({prefix}/...); name the file's own language with --language."
            )
        if row.task_id in problems:
            raise UsageError(
                f"Line {number} of {path} is a second {row.task_id!r}; an id may stand there once."
            )
        problems[row.task_id] = problem_of(row, language, setting)
    if not problems:
        raise UsageError(f"There are no tasks in {path}.")
    return list(problems.values())


def problem_of(row: Row, language: LanguageName, setting: Setting) -> Problem:
    """Make the two parts of a row."""
    tests = row.test.strip("\n") + "\n" if setting is Setting.TESTS else _visible_tests(row, language)
    head = row.declaration if setting is Setting.TESTS else row.prompt
    if setting is Setting.TESTS and language == "rust":
        head = "fn main(){}\n" + head
    instance = Instance(
        id=row.task_id,
        language=language,
        setting=setting,
        entry_point=row.entry_point,
        statement=statement(
            language, row.entry_point, shows_tests=row.test if setting is Setting.TESTS else None
        ),
        contents=compose(language, head + row.buggy_solution, tests),
        visible=_rust_checks(row) if language == "rust" else checks(language, tests, row.entry_point),
    )
    reference = compose(language, row.prompt + row.canonical_solution, _visible_tests(row, language))
    sealed = Sealed(
        id=row.task_id,
        language=language,
        entry_point=row.entry_point,
        tests=row.test,
        preamble=row.test_setup,
        declaration=row.declaration,
        reference=reference[instance.file],
        bug_type=row.bug_type,
    )
    return Problem(instance, sealed)


def _visible_tests(row: Row, language: LanguageName) -> str:
    if language == "rust":
        return rust_check(_rust_checks(row))
    tests = cut_tests(language, row.example_test or "")
    if language == "python" and not checks("python", tests, row.entry_point):
        return python_check(python_examples(row.docstring, row.entry_point), row.entry_point)
    return tests


def _rust_checks(row: Row) -> tuple[str, ...]:
    return rust_examples(row.docstring, row.entry_point, row.signature)


def _row(line: bytes, place: str) -> Row:
    try:
        row = Row.model_validate_json(line)
    except ValidationError as error:
        raise UsageError(f"{place} is no task: {describe(error)}.") from None
    # The data set writes some names in another case than their programs do.
    spelled = re.search(rf"\b{row.entry_point}\b", row.declaration, re.IGNORECASE)
    return row.model_copy(update={"entry_point": spelled[0]}) if spelled else row


def describe(error: ValidationError) -> str:
    """Say in half a sentence what is wrong with a row, without the row's content."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"]))
    if first["type"] == "missing":
        return f"the field {where!r} is missing"
    if first["type"] == "json_invalid":
        return "it is not JSON"
    return f"the field {where!r} is not right ({first['msg']})" if where else first["msg"]


def lines_of(path: Path, otherwise: str = "") -> Iterable[tuple[int, bytes]]:
    """Return the lines of a file that are not empty, with their numbers.

    Args:
        path: The file.
        otherwise: What a user may name in place of a file, or "".

    Raises:
        UsageError: It can't be read.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        other = f", or {otherwise}" if otherwise else ""
        raise UsageError(
            f"The data {path} can't be read ({error.strerror}); give a JSON-lines file{other}."
        ) from None
    return ((number, line) for number, line in enumerate(content.split(b"\n"), 1) if line.strip())


def _from_hub(language: LanguageName) -> Path:
    try:
        # Slow to import, and only the extra "local" brings it.
        from huggingface_hub import hf_hub_download  # noqa: PLC0415
    except ImportError:
        raise UsageError(
            f"{HUB_NAME} needs the package huggingface-hub (`pip install 'patchwright[local]'`); "
            "or give the path of a JSON-lines file."
        ) from None
    try:
        name = f"data/{language}/data/humanevalpack.jsonl"
        return Path(hf_hub_download(HUB_NAME, name, repo_type="dataset", revision=HUB_REVISION))
    except Exception as error:  # noqa: BLE001  (the hub's client raises errors of several libraries)
        reason = (
            str(error).strip().splitlines()[0].rstrip(".")[:200] if str(error).strip() else "no reason given"
        )
        raise UsageError(
            f"{HUB_NAME} can't be had from the hub ({reason}); give the path of a JSON-lines file."
        ) from None
