"""Properties of editing: whatever is done is undone to the byte."""

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from aci import COMMANDS, Workspace
from aci.document import Document
from aci.matching import Place, locate
from envs.sandbox import WORKDIR, FileContent, FileProblem

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

    async def remove(self, path: str, root: str = WORKDIR) -> None:
        del self.files[path]


@given(data=FILES, actions=st.lists(ACTIONS, max_size=8))
@settings(max_examples=300)
def test_any_edits_are_undone_to_the_byte(data: bytes, actions: list[tuple[str, dict[str, Any]]]) -> None:
    async def run() -> None:
        sandbox = ScriptedFiles({"a.txt": data})
        workspace = Workspace(sandbox)  # type: ignore[arg-type]
        states = [data]
        for name, arguments in actions:
            seen = await COMMANDS[name](path="a.txt", **arguments).execute(workspace)
            if seen.failed:
                assert sandbox.files["a.txt"] == states[-1]
            else:
                assert sandbox.files["a.txt"] != states[-1]
                states.append(sandbox.files["a.txt"])
        for state in reversed(states[:-1]):
            assert not (await COMMANDS["undo"]().execute(workspace)).failed
            assert sandbox.files["a.txt"] == state
        assert (await COMMANDS["undo"]().execute(workspace)).failed

    asyncio.run(run())


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


def test_the_nearest_lines_of_a_large_file_are_found_in_time() -> None:
    import time  # noqa: PLC0415

    lines = [f"    value_{number} = compute({number}, other={number % 7})" for number in range(20_000)]
    document = Document("\n".join(lines) + "\n")
    started = time.monotonic()
    missed = locate(
        document, "    value_15000 = compute(15000, othr=6)\n    value_15001 = compute(15001)", "x"
    )
    assert time.monotonic() - started < 5
    assert not isinstance(missed, Place)
    assert "15001:" in missed.explanation
