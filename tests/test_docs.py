"""Tests of what the documents promise: what they name is there, and what is there is named."""

import re
import typing
from pathlib import Path

import pytest
import typer.main

from agent.cli import app
from trajectories.errors import ExitStatus
from trajectories.events import Event

ROOT = Path(__file__).parents[1]
NAMES = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")
PAGES = [*(ROOT / name for name in NAMES), *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CALL = re.compile(r"\bpatchwright ([a-z]+)\b([^`\n]*)")
FLAG = re.compile(r"(?<!\S)(--?[a-z][a-z-]*)")
FILE = re.compile(r"`((?:agent|aci|envs|trajectories|tests|docs|scripts|benchmarks)/[\w./]*)`")

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def without_links(text: str) -> str:
    return LINK.sub("", text)


def code_of(text: str) -> str:
    """Return what stands in code blocks and between backticks, one piece a line."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    rest = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return "\n".join([*blocks, *re.findall(r"`([^`\n]+)`", rest)])


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@each_page
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name} links to {link}"
        assert target.is_relative_to(ROOT), f"{page.name} links out of the repository: {link}"
        assert not anchor or anchor in anchors(target), f"{page.name} links to {link}"


def options_of(command: typing.Any, words: str) -> set[str]:
    """Return the flags of a command, or of the command below it that the words begin with."""
    below = getattr(command, "commands", {}).get((words.split() or [""])[0])
    if below is not None:
        return options_of(below, "")
    return {"--help"}.union(*((*option.opts, *option.secondary_opts) for option in command.params))


def all_options(command: typing.Any) -> set[str]:
    """Return the flags of a command and of all below it."""
    below = getattr(command, "commands", {}).values()
    return options_of(command, "").union(*map(all_options, below))


@each_page
def test_every_command_and_flag_that_is_named_exists(page: Path) -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for name, rest in CALL.findall(code_of(page.read_text(encoding="utf-8"))):
        assert name in commands, f"{page.name} names `patchwright {name}`"
        assert set(FLAG.findall(rest)) <= options_of(commands[name], rest), (
            f"{page.name} names `patchwright {name}{rest}`"
        )


def test_every_flag_in_the_readme_exists() -> None:
    known = all_options(typer.main.get_command(app))
    named = set(FLAG.findall(code_of((ROOT / "README.md").read_text(encoding="utf-8"))))
    # Those of the programs that the README also calls.
    assert named - known <= {"-e", "-9", "--recipe"}


@each_page
def test_every_file_that_is_named_exists(page: Path) -> None:
    for path in FILE.findall(without_links(page.read_text(encoding="utf-8"))):
        assert (ROOT / path).exists(), f"{page.name} names {path}"


def test_the_event_log_page_names_every_kind_and_no_other() -> None:
    union = typing.get_args(Event)[0]
    kinds = {event.model_fields["kind"].default for event in typing.get_args(union)}
    page = (ROOT / "docs" / "trajectory.md").read_text(encoding="utf-8")
    table = page.split("| kind |")[1].split("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == kinds


def test_the_readme_names_every_exit_status() -> None:
    section = (ROOT / "README.md").read_text(encoding="utf-8").split("## Exit status")[1].split("##")[0]
    assert {int(status) for status in re.findall(r"^\| (\d+) \|", section, re.MULTILINE)} == set(ExitStatus)


def test_the_readme_shows_a_picture_on_its_first_screen() -> None:
    first = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:12]
    assert any(line.startswith("![") for line in first)


def test_the_picture_is_small_and_shows_no_path_of_a_machine() -> None:
    svg = (ROOT / "docs" / "img" / "run.svg").read_text(encoding="utf-8")
    assert len(svg.encode()) < 100_000
    assert not re.search(r"/(tmp|home|root|work|var|Users)/", svg)
    assert "@font-face" not in svg
    assert "resolved" in svg
