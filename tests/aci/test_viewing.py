from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from aci import Workspace

Make = Callable[..., Awaitable[Workspace]]
Act = Callable[..., Awaitable[Any]]
Golden = Callable[[str, str], None]

LONG = "".join(f"line {number}\n" for number in range(1, 351))


async def test_a_small_file_is_shown_whole(make_workspace: Make, act: Act, golden: Golden) -> None:
    workspace = await make_workspace({"src/a.py": "def add(a, b):\n\treturn a - b\n"})
    seen = await act(workspace, "open", path="src/a.py")
    assert not seen.failed
    golden("open_small", seen.text)


async def test_a_window_of_a_long_file_says_what_is_above_and_below(
    make_workspace: Make, act: Act, golden: Golden
) -> None:
    workspace = await make_workspace({"long.txt": LONG})
    golden("open_middle", (await act(workspace, "open", path="long.txt", line=200)).text)


async def test_scrolling_goes_on_where_the_window_ends_and_stops_at_the_edges(
    make_workspace: Make, act: Act
) -> None:
    workspace = await make_workspace({"long.txt": LONG})
    tops = []
    for name in ("open", "scroll_down", "scroll_down", "scroll_down", "scroll_down", "scroll_up"):
        seen = await act(workspace, name, **({"path": "long.txt"} if name == "open" else {}))
        tops.append((workspace.tops["long.txt"], seen.failed))
    assert tops == [(1, False), (99, False), (197, False), (251, False), (251, True), (153, False)]


async def test_each_file_keeps_its_position(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"a.txt": LONG, "b.txt": LONG})
    await act(workspace, "open", path="a.txt", line=300)
    seen = await act(workspace, "open", path="b.txt")
    assert "\n1:line 1\n" in seen.text
    assert workspace.tops == {"a.txt": 251, "b.txt": 1}


@pytest.mark.parametrize(
    ("line", "said"), [(900, "Line 900 is past the end; the last line is 350."), (-3, "There is no line -3")]
)
async def test_a_line_outside_the_file_is_clamped_with_a_sentence(
    make_workspace: Make, act: Act, line: int, said: str
) -> None:
    workspace = await make_workspace({"long.txt": LONG})
    seen = await act(workspace, "open", path="long.txt", line=line)
    assert seen.text.startswith(said)
    assert not seen.failed


async def test_a_long_line_is_cut_and_control_characters_are_harmless(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"a.js": "x" * 1000 + "\n\x1b[31m\u202e\n"})
    seen = await act(workspace, "open", path="a.js")
    assert seen.text.endswith("x [+600 characters]\n2:\\x1b[31m\\u202e")


async def test_a_folder_is_listed(make_workspace: Make, act: Act, golden: Golden) -> None:
    workspace = await make_workspace(
        {
            "src/a.py": "",
            "src/b\n.py": "",
            "src/-rf": "",
            "src/sub/c.py": "",
            "src/.git/x": "",
            "src/.hidden": "",
        }
    )
    golden("open_folder", (await act(workspace, "open", path="src/")).text)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("nope.py", "There is no file nope.py in the repository. Look for it with `find_file`."),
        ("../secret", "../secret lies outside the repository; use `bash` to look there."),
        ("/etc/hostname", "/etc/hostname lies outside the repository; use `bash` to look there."),
        ("pixel.png", "pixel.png is no text but a PNG image of 9 bytes; look at it with `bash`."),
        (
            "  ",
            "The path is empty. Give a path relative to the repository, or look for one with `find_file`.",
        ),
    ],
)
async def test_what_is_no_text_file_of_the_repository_is_refused(
    make_workspace: Make, act: Act, path: str, said: str
) -> None:
    workspace = await make_workspace({"pixel.png": b"\x89PNG\r\n\x1a\n\0"})
    seen = await act(workspace, "open", path=path)
    assert seen.failed
    assert seen.text == said


async def test_a_link_out_of_the_repository_is_not_followed(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"a.txt": "x\n"})
    await act(workspace, "bash", command="ln -s /etc/hostname link; ln -s a.txt inside")
    assert "outside" in (await act(workspace, "open", path="link")).text
    assert "[File: a.txt (1 line)]" in (await act(workspace, "open", path="inside")).text


async def test_paths_mean_the_repository_wherever_the_shell_stands(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"src/a.py": "x = 1\n"})
    await act(workspace, "bash", command="cd src")
    for path in ("src/a.py", "./src/a.py", "/workspace/src/a.py"):
        assert "[File: src/a.py (1 line)]" in (await act(workspace, "open", path=path)).text


async def test_an_empty_file_says_how_to_fill_it(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"a.py": ""})
    assert "`insert` at line 0" in (await act(workspace, "open", path="a.py")).text


async def test_without_an_open_file_goto_and_scroll_say_so(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace()
    for name, arguments in (("goto", {"line": 3}), ("scroll_up", {}), ("scroll_down", {})):
        seen = await act(workspace, name, **arguments)
        assert seen.failed
        assert seen.text == "No file is open. Use `open` with a path first."


async def test_a_file_that_shrank_is_shown_to_its_end(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"a.txt": LONG})
    await act(workspace, "open", path="a.txt", line=350)
    await act(workspace, "bash", command="head -n 120 a.txt > b && mv b a.txt")
    assert workspace.tops["a.txt"] == 251
    seen = await act(workspace, "scroll_up")
    assert "\n1:line 1\n" in seen.text
