"""Broken imports that an edit adds: those that are sure are refused, all others pass without a word."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aci import Workspace
from aci.hunks import Hunk, render_hunks
from aci.imports import added_imports, lost_imports, names_of

Make = Callable[..., Awaitable[Workspace]]
Act = Callable[..., Awaitable[Any]]

TREE = {
    "pkg/__init__.py": "from .core import run\n__version__ = '1'\n",
    "pkg/core.py": (
        "import os as system\nLIMIT: int = 3\nA, (B, *C) = 1, (2, 3)\nfor index in range(3):\n    pass\n"
        "try:\n    import json\nexcept ImportError:\n    json = None\n"
        "with open(__file__) as stream:\n    pass\n"
        "if (walrus := 1):\n    inner = 2\n"
        "def run():\n    global late\n    late = local = 1\n"
        "class Runner:\n    attribute = 1\n    def method(self): pass\n"
    ),
    "pkg/sub/__init__.py": "",
    "pkg/sub/deep.py": "x = 1\n",
    "pkg/lazy/__init__.py": "def __getattr__(name):\n    return 1\n",
    "pkg/star.py": "from pkg.core import *\n",
    "pkg/injected.py": "globals().update(made=1)\n",
    "pkg/stub.py": "x = 1\n",
    "pkg/stub.pyi": "x: int\ny: int\n",
    "pkg/speedups.pyx": "def fast(): pass\n",
    "pkg/old.py": "x = (\n",
    "pkg/notes.md": "",
    "space/part.py": "x = 1\n",
    "src/inner/__init__.py": "",
    "src/inner/mod.py": "y = 1\n",
    "vendor/other/pkg/extra.py": "z = 1\n",
    "tools/helper.py": "def help_me(): pass\n",
    "tests/test_a.py": "import unittest\n",
    "pkg/sub/edited.py": "import unittest\n",
    "tools/edited.py": "import unittest\n",
}


async def seen_of(make_workspace: Make, act: Act, path: str, statement: str) -> Any:
    workspace = await make_workspace(TREE)
    return await act(workspace, "insert", path=path, line=1, content=statement)


@pytest.mark.parametrize(
    ("path", "statement", "said"),
    [
        ("tests/test_a.py", "from pkg.core import runn", "pkg/core.py defines no runn; did you mean run?"),
        ("tests/test_a.py", "from pkg.core import local", "pkg/core.py defines no local"),
        ("tests/test_a.py", "from pkg.core import attribute", "pkg/core.py defines no attribute"),
        ("tests/test_a.py", "from pkg import walk", "pkg/__init__.py defines no walk"),
        ("tests/test_a.py", "import pkg.cor", "the repository has no module pkg.cor"),
        ("tests/test_a.py", "import pkg.core.x as y", "the repository has no module pkg.core.x"),
        (
            "tests/test_a.py",
            "from pkg.deep import x",
            "the repository has no module pkg.deep; there is pkg/sub/deep.py",
        ),
        ("tests/test_a.py", "from pkg.nothing import *", "the repository has no module pkg.nothing"),
        ("tests/test_a.py", "from inner.mod import z", "src/inner/mod.py defines no z"),
        ("tests/test_a.py", "from inner.gone import z", "the repository has no module inner.gone"),
        ("tests/test_a.py", "def f():\n    from pkg.core import gone", "pkg/core.py defines no gone"),
        ("tests/test_a.py", "from pkg.core import (\n    run,\n    gone,\n)", "pkg/core.py defines no gone"),
        ("pkg/sub/edited.py", "from .deeper import x", "the repository has no module .deeper"),
        ("pkg/sub/edited.py", "from . import missing", "pkg/sub/__init__.py defines no missing"),
        ("pkg/sub/edited.py", "from ..core import gone", "pkg/core.py defines no gone"),
        ("tools/edited.py", "from helper import helpless", "tools/helper.py defines no helpless"),
    ],
)
async def test_an_import_that_is_sure_to_fail_is_refused(
    make_workspace: Make, act: Act, path: str, statement: str, said: str
) -> None:
    seen = await seen_of(make_workspace, act, path, statement)
    assert seen.failed
    assert f"broken import: {said}" in seen.text
    assert seen.text.count("\n") < 40


@pytest.mark.parametrize(
    ("path", "statement"),
    [
        ("tests/test_a.py", "from pkg.core import run, Runner, LIMIT, A, B, C, index, json, stream, walrus"),
        ("tests/test_a.py", "from pkg.core import inner, late, system, __file__, __doc__"),
        ("tests/test_a.py", "from pkg import core, run, sub, lazy, __version__"),
        ("tests/test_a.py", "import pkg, pkg.core, pkg.sub.deep as deep"),
        ("tests/test_a.py", "from pkg import *"),
        ("tests/test_a.py", "from pkg.sub.deep import x"),
        ("tests/test_a.py", "from pkg.lazy import anything"),
        ("tests/test_a.py", "from pkg.lazy.made import anything"),
        ("tests/test_a.py", "from pkg.star import run"),
        ("tests/test_a.py", "from pkg.injected import made"),
        ("tests/test_a.py", "from pkg.stub import y"),
        ("tests/test_a.py", "from pkg.speedups import fast"),
        ("tests/test_a.py", "from pkg._speedups import fast"),
        ("tests/test_a.py", "from pkg._native.inner import fast"),
        ("tests/test_a.py", "from pkg.speedups.inner import fast"),
        ("tests/test_a.py", "from pkg.version import version"),
        ("tests/test_a.py", "from pkg.schema_pb2 import Message"),
        ("tests/test_a.py", "from pkg.old import anything"),
        ("tests/test_a.py", "from pkg.extra import z"),
        ("tests/test_a.py", "import space.gone"),
        ("tests/test_a.py", "from space.part import gone"),
        ("tests/test_a.py", "import numpy as np, yaml.nodes"),
        ("tests/test_a.py", "from requests.gone import gone"),
        ("tests/test_a.py", "import os.gone"),
        ("tests/test_a.py", "from __future__ import annotations"),
        ("tests/test_a.py", "from helper import gone"),
        ("tests/test_a.py", "from . import gone"),
        ("tests/test_a.py", "from ....far import gone"),
        ("tests/test_a.py", "try:\n    from pkg.gone import x\nexcept ImportError:\n    x = None"),
        ("tests/test_a.py", "if unittest:\n    from pkg.gone import x"),
        ("tests/test_a.py", "import typing\nif typing.TYPE_CHECKING:\n    from pkg.gone import x"),
        ("tests/test_a.py", "with unittest.mock.patch('x'):\n    import pkg.gone"),
        ("tests/test_a.py", "import pkg.gone  # noqa: F401"),
        ("tests/test_a.py", "from pkg.core import gone  # type: ignore[attr-defined]"),
        ("tests/test_a.py", "text = '''\nfrom pkg.gone import x\n'''"),
        ("pkg/sub/edited.py", "from . import deep\nfrom .deep import x\nfrom .. import core, run"),
        ("pkg/sub/edited.py", "from .. import sub\nfrom ..sub import edited"),
        ("tools/edited.py", "from helper import help_me\nimport helper"),
    ],
)
async def test_an_import_that_may_work_passes_without_a_word(
    make_workspace: Make, act: Act, path: str, statement: str
) -> None:
    seen = await seen_of(make_workspace, act, path, statement)
    assert not seen.failed, seen.text
    assert "broken" not in seen.text


async def test_a_broken_import_that_was_there_before_never_blocks(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace(
        {"pkg/__init__.py": "", "a.py": "from pkg.gone import x\nimport pkg.lost\ny = x\n"}
    )
    assert not (await act(workspace, "edit", path="a.py", search="y = x", replace="y = [x]")).failed
    assert not (await act(workspace, "edit", path="a.py", search="import pkg.lost\n", replace="")).failed
    moved = "def f():\n    from pkg.gone import x\n"
    assert not (
        await act(
            workspace, "edit", path="a.py", search="from pkg.gone import x\n", replace=moved + "x = 1\n"
        )
    ).failed


async def test_what_a_shell_command_made_can_be_imported(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"pkg/__init__.py": "", "a.py": "x = 1\n"})
    workspace.files = ["pkg/__init__.py", "a.py"]
    await act(
        workspace, "bash", command="cd pkg && set -f && echo 'y = 1' > made.py && ln -s made.py linked.py"
    )
    for line in ("from pkg.made import y", "from pkg.linked import y"):
        seen = await act(workspace, "insert", path="a.py", line=0, content=line)
        assert not seen.failed, seen.text


async def test_what_the_same_action_makes_can_be_imported(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"pkg/__init__.py": "", "pkg/a.py": "x = 1\n", "b.py": "x = 1\n"})
    hunks = [
        Hunk("b.py", "x = 1", "from pkg.new.deep import y\nfrom pkg.a import z\nx = y + z"),
        Hunk("pkg/a.py", "x = 1", "z = 1"),
        Hunk("pkg/new/__init__.py", "", "# new"),
        Hunk("pkg/new/deep.py", "", "y = 1"),
    ]
    assert (await act(workspace, "edit_many", changes=render_hunks(hunks[:1]))).failed
    seen = await act(workspace, "edit_many", changes=render_hunks(hunks))
    assert not seen.failed, seen.text


async def test_names_with_odd_characters_reach_no_shell(make_workspace: Make, act: Act) -> None:
    workspace = await make_workspace({"caf\u00e9/__init__.py": "", "a $(touch x)/b.py": "x = 1\n"})
    assert (await act(workspace, "create", path="m.py", content="import caf\u00e9.gone\n")).failed
    seen = await act(
        workspace, "edit", path="a $(touch x)/b.py", search="x = 1", replace="from . import gone"
    )
    assert not seen.failed
    assert (await act(workspace, "bash", command="ls x */x")).exit_code


PIECES = st.sampled_from(
    [
        "import", " ", "\n", "from", "a", ".", "..", "(", ")", ",", "*", "as", "\\\n", "#", "'''",
        "def f():\n ",
        "x = 1", "\t", "a.b", "try:\n ", "\0", "\ud800", "\u00e9",
    ]
)  # fmt: skip


@given(old=st.lists(PIECES, max_size=12).map("".join), new=st.lists(PIECES, max_size=16).map("".join))
def test_no_text_breaks_the_reader(old: str, new: str) -> None:
    added_imports(old, new)
    assert added_imports(new, new) == []
    names_of(new)
    lost_imports(old, new)
    assert lost_imports(new, new) == []


@pytest.mark.parametrize(
    "text", ["def __getattr__(name): ...", "from a import *", "globals()['x'] = 1", "x = ("]
)
def test_names_that_can_not_be_told_are_not_told(text: str) -> None:
    assert names_of(text) is None
