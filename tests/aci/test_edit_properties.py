"""Properties of editing: whatever is done is undone to the byte."""

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from aci import COMMANDS, Workspace
from aci.document import Document, region_of
from aci.hunks import Hunk, render_hunks
from aci.matching import Place, locate
from envs.sandbox import WORKDIR, CommandResult, FileContent, FileProblem

LINES = st.sampled_from(["", "a", "  a", "\tb", "b  ", "x = 1", "é", "3:c"])
ENDS = st.sampled_from(["\n", "\r\n"])
BODIES = st.lists(st.tuples(LINES, ENDS), max_size=8).map(
    lambda rows: "".join(line + end for line, end in rows)
)
FILES = st.tuples(BODIES, LINES, st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"])).map(
    lambda parts: (parts[0] + parts[1]).encode(parts[2])
)
TEXTS = st.lists(LINES, max_size=4).map("\n".join)
NUMBERS = st.integers(-1, 9)
ACTIONS = st.one_of(
    st.tuples(st.just("edit"), st.fixed_dictionaries({"search": TEXTS, "replace": TEXTS})),
    st.tuples(
        st.just("edit_lines"), st.fixed_dictionaries({"first": NUMBERS, "last": NUMBERS, "content": TEXTS})
    ),
    st.tuples(st.just("insert"), st.fixed_dictionaries({"line": NUMBERS, "content": TEXTS})),
    st.tuples(
        st.just("edit_many"),
        st.fixed_dictionaries(
            {
                "changes": st.lists(
                    st.builds(Hunk, st.sampled_from(["a.txt", "b.txt", "new.txt"]), TEXTS, TEXTS),
                    min_size=1,
                    max_size=3,
                ).map(render_hunks)
            }
        ),
    ),
)


class ScriptedFiles:
    """A sandbox that has files and nothing else, to run thousands of edits through."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    async def read(self, path: str, root: str = WORKDIR) -> FileContent:
        if path not in self.files:
            raise FileProblem("missing", f"There is no file {path}.")
        return FileContent(self.files[path], f"{root}/{path}", 0o644)

    async def write(self, path: str, data: bytes, root: str = WORKDIR, *, create: bool = False) -> str:
        if create and path in self.files:
            raise FileProblem("exists", f"{path} exists already.")
        self.files[path] = data
        return f"{root}/{path}"

    async def run(self, command: str, timeout: float) -> CommandResult:
        return CommandResult("", 1, timed_out=False, cwd=WORKDIR, seconds=0.0, output_bytes=0)

    async def remove(self, path: str, root: str = WORKDIR) -> None:
        del self.files[path]


@given(data=FILES, other=FILES, actions=st.lists(ACTIONS, max_size=8))
@settings(max_examples=300)
def test_any_edits_are_undone_to_the_byte(
    data: bytes, other: bytes, actions: list[tuple[str, dict[str, Any]]]
) -> None:
    async def run() -> None:
        sandbox = ScriptedFiles({"a.txt": data, "b.txt": other})
        workspace = Workspace(sandbox)  # type: ignore[arg-type]
        states = [dict(sandbox.files)]
        for name, arguments in actions:
            path = {} if name == "edit_many" else {"path": "a.txt"}
            seen = await COMMANDS[name](**path, **arguments).execute(workspace)
            if seen.failed:
                assert sandbox.files == states[-1]
            else:
                assert sandbox.files != states[-1]
                touched = {path for path, now in sandbox.files.items() if states[-1].get(path) != now}
                assert touched <= set(seen.changed)
                states.append(dict(sandbox.files))
        for state in reversed(states[:-1]):
            assert not (await COMMANDS["undo"]().execute(workspace)).failed
            assert sandbox.files == state
        assert (await COMMANDS["undo"]().execute(workspace)).failed

    asyncio.run(run())


SPECIAL = st.sampled_from(
    ["\\1", "\\g<0>", "\\", "$1", "-x", "--", "a.*b", "[", "(?P<n>", "&", "\t", "%s", "{0}", '"', "x", "\n"]
)
LITERAL = st.lists(SPECIAL, min_size=1, max_size=6).map("".join)


@given(head=LITERAL, search=LITERAL, tail=LITERAL, replace=LITERAL, ending=ENDS)
def test_nothing_in_a_search_or_a_replacement_has_a_meaning_of_its_own(
    head: str, search: str, tail: str, replace: str, ending: str
) -> None:
    before = f"{head}|{search}|{tail}\n"
    if before.count(search) != 1 or search == replace:
        return
    old, new = before.replace("\n", ending), before.replace(search, replace).replace("\n", ending)

    async def run() -> None:
        sandbox = ScriptedFiles({"a.txt": old.encode()})
        workspace = Workspace(sandbox)  # type: ignore[arg-type]
        seen = await COMMANDS["edit"](path="a.txt", search=search, replace=replace).execute(workspace)
        assert not seen.failed, seen.text
        assert sandbox.files["a.txt"].decode() == new

    asyncio.run(run())


CODE = st.lists(
    st.sampled_from(
        [
            "def f(",
            "a",
            "):",
            "\n",
            "    ",
            "return ",
            "x",
            "(",
            "]",
            "import pkg.gone",
            "=",
            "\r",
            "'''",
            "é" * 500,
        ]
    ),
    max_size=60,
).map("".join)


@given(before=CODE, after=CODE, number=st.integers(0, 9), path=st.sampled_from(["a.py", "a.js", "a.json"]))
@settings(max_examples=200, deadline=None)
def test_no_refusal_is_longer_than_forty_lines(before: str, after: str, number: int, path: str) -> None:
    async def run() -> None:
        sandbox = ScriptedFiles({path: before.encode(), "b.py": b"x = 1\n"})
        workspace = Workspace(sandbox)  # type: ignore[arg-type]
        lines = len(Document(before).lines)
        hunks = [Hunk(path, before or "x", after), Hunk("b.py", "x = 1", after), Hunk("c.py", "", after)]
        for name, arguments in (
            ("edit_lines", {"path": path, "first": 1, "last": lines, "content": after}),
            ("edit", {"path": path, "search": before[number:] or "x", "replace": after}),
            ("edit", {"path": path, "search": after or "x", "replace": before}),
            ("insert", {"path": path, "line": min(number, lines), "content": after}),
            ("create", {"path": f"new/{path}", "content": after}),
            ("edit_many", {"changes": render_hunks(hunks)}),
        ):
            seen = await COMMANDS[name](**arguments).execute(workspace)
            if seen.failed:
                assert len(seen.text.splitlines()) <= 40, seen.text
            else:
                await COMMANDS["undo"]().execute(workspace)

    asyncio.run(run())


ROWS = st.lists(st.sampled_from(["a", "b", "ab", ""]), max_size=8).map(
    lambda rows: "".join(f"{row}\n" for row in rows)
)


@given(old=ROWS, new=ROWS)
def test_the_lines_outside_of_a_region_are_the_same(old: str, new: str) -> None:
    region = region_of(old, new)
    before, after = Document(old).lines, Document(new).lines
    assert before[: region.first - 1] == after[: region.first - 1]
    assert before[region.old_last :] == after[region.new_last :]
    if old != new:
        assert before[region.first - 1 : region.old_last] != after[region.first - 1 : region.new_last]


@given(data=FILES, search=TEXTS, replace=TEXTS)
def test_a_located_edit_changes_only_its_place(data: bytes, search: str, replace: str) -> None:
    document = Document.decode(data)
    place = locate(document, search, replace)
    if isinstance(place, Place):
        new = document.spliced(place.start, place.end, place.replace)
        assert new.text.startswith(document.text[: place.start])
        assert new.text.endswith(document.text[place.end :])
        assert new.mark == document.mark


@given(text=st.text(max_size=300), search=st.text(min_size=1, max_size=60))
def test_no_search_text_breaks_the_matching(text: str, search: str) -> None:
    locate(Document(text), search, "x")


def test_the_nearest_lines_of_a_large_file_are_found() -> None:
    lines = [f"    value_{number} = compute({number}, other={number % 7})" for number in range(20_000)]
    document = Document("\n".join(lines) + "\n")
    for search in (
        "    value_15000 = compute(15000, othr=6)\n    value_15001 = compute(15001)",
        "    valu_15000 = compute(15000, other=6)",
    ):
        missed = locate(document, search, "x")
        assert not isinstance(missed, Place)
        assert "15001:" in missed.explanation
