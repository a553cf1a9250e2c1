"""Scores predictions for a benchmark: the one call behind `patchwright score`."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from agent.settings.fields import SandboxSettings
from envs.benchmarks import Benchmark
from envs.choose import choose
from envs.humanevalfix.instance import Setting
from envs.humanevalfix.languages import BY_NAME, LanguageName
from envs.humanevalfix.predictions import BUGGY, GOLD, read_predictions
from envs.humanevalfix.scoring import Scorer
from envs.recipes import RECIPES
from trajectories.errors import StoreError, UsageError
from trajectories.scores import Results, Score, summarize

RAW = "instances.jsonl"
SUMMARY = "results.json"


@dataclass(frozen=True)
class Request:
    """What is to be scored.

    Attributes:
        benchmark: Which benchmark.
        predictions: A file of JSON lines, or "gold" or "buggy"; see `envs.humanevalfix.predictions`.
        data: A file of JSON lines, or the data set's name on the hub where the benchmark is there.
        language: The language of the tasks.
        setting: What the agent was told.
        limit: How many of the tasks, from the first; 0 takes all.
        workers: How many sandboxes there may be at once.
        out: The folder that the raw scores and the results are written to, or None.
        only: The tasks that are scored, by their ids; None takes all.
    """

    benchmark: Benchmark
    predictions: str
    data: str
    language: str = "python"
    setting: str = Setting.DOCSTRING
    limit: int = 0
    workers: int = 2
    out: Path | None = None
    only: tuple[str, ...] | None = None


async def score_benchmark(
    request: Request, sandbox: SandboxSettings, *, progress: Callable[[str], None]
) -> Results:
    """Score predictions for a benchmark.

    Args:
        request: What is to be scored.
        sandbox: Where the sealed tests run; without an image, in the language's own. Never with a network.
        progress: Is told what takes long, and how far the scoring is.

    Raises:
        UsageError: The data or the predictions are not what they must be.
        SandboxError: No sandbox can be had.
        StoreError: The results can't be written.
    """
    language = request.benchmark.language_named(request.language)
    problems = request.benchmark.problems(request.data, language, request.setting)
    problems = problems[: request.limit or None]
    if request.only is not None:
        problems = [problem for problem in problems if problem.instance.id in request.only]
    predictions = read_predictions(request.predictions, problems)
    wishes = sandbox.model_copy(update={"image": sandbox.image or image_for(language), "network": False})
    if sandbox.kind in ("local", "unsafe"):
        wishes = sandbox.model_copy(update={"network": False})
    chosen = await choose(wishes, progress=progress)
    for notice in chosen.notices:
        progress(notice.text)
    scorer = Scorer(lambda: chosen.new("score"))
    scores: list[Score] = []
    with _Log(request.out) as log:
        async for score in scorer.score_all(predictions, request.workers):
            scores.append(score)
            log.write(score)
            progress(
                f"{len(scores)}/{len(predictions)} {score.instance_id}: {score.verdict} ({score.reason})"
            )
    named = request.predictions in (GOLD, BUGGY)
    results = summarize(
        scores,
        benchmark=request.benchmark.name,
        language=language,
        setting=request.setting,
        predictions=request.predictions if named else Path(request.predictions).name,
    )
    if request.out is not None:
        write_results(results, request.out)
    return results


def image_for(language: LanguageName) -> str:
    """Return the name of the image that has a language's toolchain; "" for the base image."""
    from envs.images import recipe_image_name  # noqa: PLC0415  (imports of Docker's SDK are slow)

    recipe = BY_NAME[language].recipe
    return recipe_image_name(RECIPES[recipe]) if recipe else ""


def write_results(results: Results, folder: Path) -> None:
    """Write `results.json`.

    Raises:
        StoreError: It can't be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / SUMMARY).write_text(results.model_dump_json(indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise StoreError(f"The results can't be written to {folder} ({error.strerror}).") from None


def rebuild(folder: Path, **about: str) -> Results:
    """Make the results again from a folder's raw scores.

    Args:
        folder: Holds `instances.jsonl`.
        about: What `trajectories.scores.summarize` wants to know of the benchmark.

    Raises:
        UsageError: There are no scores, or a line is none.
    """
    path = folder / RAW
    try:
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        scores = [Score.model_validate(json.loads(line)) for line in lines]
    except OSError as error:
        raise UsageError(f"The raw scores {path} can't be read ({error.strerror}).") from None
    except ValueError:
        raise UsageError(f"{path} holds a line that is no score; score the predictions again.") from None
    return summarize(scores, **about)  # type: ignore[arg-type]


class _Log:
    """The raw scores, each written the moment it is known."""

    def __init__(self, folder: Path | None) -> None:
        self._path = folder / RAW if folder else None

    def __enter__(self) -> "_Log":
        if self._path is not None:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._stream = self._path.open("w", encoding="utf-8")
            except OSError as error:
                raise StoreError(f"The scores can't be written to {self._path} ({error.strerror}).") from None
        return self

    def __exit__(self, *_: object) -> None:
        if self._path is not None:
            self._stream.close()

    def write(self, score: Score) -> None:
        if self._path is not None:
            self._stream.write(score.model_dump_json() + "\n")
            self._stream.flush()
