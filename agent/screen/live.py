"""A run as it happens, for a person: readable in colour on a terminal and as plain text anywhere else.

Everything that comes from a model, a repository or a program is made harmless first and never read as
markup.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from rich.console import Console, Group
from rich.padding import Padding
from rich.rule import Rule
from rich.text import Text

from aci.rendering import harmless
from agent.task import title_of
from trajectories.events import (
    ActionFinished,
    ActionStarted,
    AnswerMalformed,
    AttemptEnded,
    AttemptStarted,
    CandidatesJudged,
    Event,
    FunctionTraced,
    ModelAnswered,
    ModelFailed,
    Notice,
    ReflectionAdded,
    ReflectionJudged,
    ReflectionRecalled,
    RunEnded,
    RunStarted,
    SandboxStarted,
    TestReport,
    TestsRefuted,
    TestsReported,
)
from trajectories.messages import Usage
from trajectories.result import Result

FOLDED_LINES = 12
_STATUS_STYLE = {
    "resolved": "bold green",
    "unresolved": "bold yellow",
    "limit": "bold yellow",
    "interrupted": "bold yellow",
    "failed": "bold red",
}
_LONG_ARGUMENTS = ("content", "replace", "search", "command")


class Live:
    """Prints each event of a run.

    Args:
        console: Where to; a terminal gets colours, anything else plain text.
        verbosity: -1 prints only the end, 0 folds long observations, 1 prints them whole.
    """

    def __init__(self, console: Console, verbosity: int = 0) -> None:
        self._console = console
        self._verbosity = verbosity
        self._answered: list[ModelAnswered] = []

    def __call__(self, event: Event) -> None:
        """Print one event."""
        if isinstance(event, RunEnded):
            self._ended(event.result)
        elif self._verbosity >= 0:
            self._show(event)

    def _show(self, event: Event) -> None:
        match event:
            case RunStarted():
                self._print(title_of(event.statement), "bold")
                self._print(f"{event.repository} at {event.base_commit[:10]}, run {event.run_id}", "dim")
            case SandboxStarted():
                self._print(
                    f"sandbox  {event.sandbox}: {event.isolation} Started in {event.seconds:.1f} s.", "dim"
                )
            case AttemptStarted():
                self._console.print(Rule(Text(f"attempt {event.attempt}", "bold"), style="dim"))
            case ModelAnswered():
                self._answered.append(event)
            case ModelFailed():
                again = f"; trying again in {event.retry_in:.0f} s" if event.retry_in is not None else ""
                self._print(f"model    {event.error}{again}", "yellow")
            case AnswerMalformed():
                self._print(f"malformed answer: {event.sentence}", "yellow")
            case ActionStarted():
                self._action(event)
            case ActionFinished():
                self._observation(event)
            case TestsReported():
                self._console.print(board(event.report, event.origin))
            case CandidatesJudged():
                self._console.print(choice(event))
            case FunctionTraced():
                self._print(f"trace of {event.symbol} in {event.check}\n{event.text}", "dim")
            case Notice():
                self._print(event.text, {"info": "dim", "warning": "yellow", "error": "red"}[event.level])
            case ReflectionAdded():
                self._print(f"reflection  {event.text}", "magenta")
            case ReflectionRecalled():
                self._print(f"recalled  {event.text}", "magenta")
            case ReflectionJudged():
                rewards = f"reward {event.before:.2f} before, {event.after:.2f} after"
                self._print(f"reflection {event.id}: {event.change}, {rewards}", "dim")
            case TestsRefuted():
                for one in event.tests:
                    self._print(f"refuted  {one.test}: it {one.reason}", "yellow")
            case AttemptEnded():
                self._print(f"attempt {event.attempt} ended: {event.reason} {event.evidence}", "bold")
            case _:
                pass

    def _action(self, event: ActionStarted) -> None:
        head = Text().append(f"\nstep {event.step}  ", "bold cyan").append(harmless(event.command), "bold")
        head.append(" " + _arguments(event.arguments))
        if self._answered:
            usage = sum((answer.usage for answer in self._answered), Usage())
            seconds = sum(answer.seconds for answer in self._answered)
            tokens = f"{usage.prompt_tokens:,} tokens in ({usage.cached_tokens:,} cached)"
            head.append(f"   {seconds:.1f} s, {tokens}, {usage.completion_tokens:,} out", "dim")
            self._answered.clear()
        self._console.print(head)
        if event.thought.strip():
            self._console.print(
                Padding(Text(harmless(event.thought.strip()), "italic"), (0, 0, 0, 2), expand=False)
            )
        for name in _LONG_ARGUMENTS:
            value = event.arguments.get(name)
            if isinstance(value, str) and "\n" in value:
                style = {"search": "red", "replace": "green", "content": "green"}.get(name, "")
                self._block(value, f"{name}:", style)

    def _observation(self, event: ActionFinished) -> None:
        self._block(event.observation, "", "red" if event.failed else "dim")

    def _block(self, text: str, label: str, style: str) -> None:
        lines = harmless(text).rstrip("\n").split("\n")
        if self._verbosity < 1 and len(lines) > FOLDED_LINES + 2:
            half = FOLDED_LINES // 2
            hidden = f"... {len(lines) - 2 * half} more lines (-v shows them) ..."
            lines = [*lines[:half], hidden, *lines[-half:]]
        body = Text("\n".join(lines), style)
        self._console.print(
            Padding(Group(*([Text(label, "dim")] if label else []), body), (0, 0, 0, 4), expand=False)
        )

    def _print(self, text: str, style: str) -> None:
        self._console.print(Text(harmless(text), style))

    def _ended(self, result: Result) -> None:
        console = self._console
        if self._verbosity >= 0 and result.patch:
            console.print(Rule(Text("patch", "bold"), style="dim"))
            console.print(coloured(result.patch))
        console.print(Rule(style="dim"))
        console.print(Text(result.status, _STATUS_STYLE[result.status]), Text(harmless(result.reason)))
        usage = result.usage
        share = usage.cached_tokens / usage.prompt_tokens if usage.prompt_tokens else 0.0
        cost = "price unknown" if usage.cost is None else f"${usage.cost:.4f}"
        steps = f"{_count(result.attempts, 'attempt')}, {_count(result.steps, 'step')}"
        prompt = f"{usage.prompt_tokens:,} tokens in ({share:.0%} cached)"
        self._print(
            f"{steps}, {result.malformed} malformed; {prompt}, {usage.completion_tokens:,} out; {cost}; "
            f"{result.seconds:.0f} s",
            "dim",
        )


def board(report: TestReport, origin: str) -> Text:
    """Return a test report as one line, green or red."""
    name = {"base": "tests before", "action": "tests", "final": "tests, judged in a fresh sandbox"}[origin]
    text = Text().append(f"  {name}  ", "dim")
    if report.broken:
        return text.append(harmless(report.broken), "red")
    text.append(f"{len(report.passed)} passed", "green" if report.passed else "dim")
    if report.failed:
        text.append("  ").append(f"{len(report.failed)} failed", "bold red")
        shown = ", ".join(test.rpartition(".")[2].rpartition("::")[2] for test in report.failed[:2])
        text.append(f"  ({harmless(shown)}{', ...' if len(report.failed) > 2 else ''})", "red")
    if report.skipped:
        text.append(f"  {len(report.skipped)} skipped", "yellow")
    return text


def choice(event: CandidatesJudged) -> Text:
    """Return in a line or two what was tried for a function, and what was taken."""
    passing = sum(candidate.status == "passed" for candidate in event.candidates)
    text = Text().append(
        f"\n  {_count(len(event.candidates), 'candidate')} for {harmless(event.symbol)}  ", "bold"
    )
    text.append(f"{passing} pass the visible tests", "green" if passing else "red")
    sources = Counter(candidate.source for candidate in event.candidates)
    text.append("".join(f"  {count} by {source}" for source, count in sources.items()), "dim")
    if event.chosen is not None:
        taken = event.candidates[event.chosen]
        text.append(f"\n  taken: {taken.source}", "cyan")
        if "\n" not in taken.text:
            text.append(f", {harmless(taken.text)}")
    return text.append(f"\n  {harmless(event.reason)}", "italic")


def coloured(patch: str) -> Text:
    """Return a unified diff in colours."""
    text = Text()
    for line in harmless(patch).splitlines():
        if line.startswith(("+++", "---", "diff ", "index ")):
            style = "bold"
        else:
            style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
        text.append(line + "\n", style)
    text.rstrip()
    return text


def _arguments(arguments: Mapping[str, Any]) -> str:
    shown = []
    for name, value in arguments.items():
        if value in ("", None) or (isinstance(value, str) and "\n" in value):
            continue
        text = harmless(str(value))
        shown.append(text if name in {"path", "line", "tests", "name", "text"} else f"{name}={text}")
    line = "  ".join(shown)
    return line if len(line) <= 160 else line[:157] + "..."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
