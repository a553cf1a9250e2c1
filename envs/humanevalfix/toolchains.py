"""Whether a sandbox has what a language needs; what it lacks is no failure of a candidate."""

import re
import shlex
from collections.abc import Mapping
from typing import NamedTuple

from envs.humanevalfix.instance import Sealed
from envs.humanevalfix.languages import LanguageName
from envs.recipes import RUST_CRATES
from envs.sandbox import Sandbox

PROBE_SECONDS = 60.0


class Need(NamedTuple):
    """One thing that must be there.

    Attributes:
        name: As it is called when it is missing.
        probe: A shell command that succeeds where it is there.
        used: Occurs in the texts of the tasks that need it; "" is needed by all.
    """

    name: str
    probe: str
    used: str = ""


def _program(name: str) -> Need:
    return Need(name, f"command -v {name}")


def _header(name: str) -> Need:
    return Need(name, f"echo '#include <{name}>' | g++ -E -x c++ - >/dev/null", re.escape(name))


def _crate(name: str) -> Need:
    return Need(f"the crate {name}", f"ls {RUST_CRATES}/lib{name}-*.rlib", rf"\b{name}(?:::|;)")


_EVERYWHERE = (_program("python3"),)
_NEEDS: Mapping[LanguageName, tuple[Need, ...]] = {
    "python": (),
    "js": (
        _program("node"),
        Need("js-md5", """NODE_PATH=${NODE_PATH:-/usr/share/nodejs} node -e 'require("js-md5")'""", "js-md5"),
    ),
    "java": (_program("javac"), _program("java")),
    "go": (
        _program("go"),
        Need("testify", "test -d ${GOPATH:-/usr/share/gocode}/src/github.com/stretchr/testify", "assert"),
    ),
    "cpp": (_program("g++"), _header("boost/any.hpp"), _header("openssl/md5.h")),
    "rust": (_program("rustc"), _crate("rand"), _crate("regex"), _crate("md5")),
}


def needs(sealed: Sealed) -> tuple[Need, ...]:
    """Return what scoring a task needs."""
    texts = "\n".join((sealed.declaration, sealed.reference, sealed.preamble, sealed.tests))
    wanted = _EVERYWHERE + _NEEDS[sealed.language]
    return tuple(need for need in wanted if not need.used or re.search(need.used, texts))


async def missing(sandbox: Sandbox, wanted: tuple[Need, ...]) -> tuple[str, ...]:
    """Return the names of what a started sandbox lacks."""
    # Each in a shell of its own: a probe may be more than one command.
    script = "\n".join(
        f"sh -c {shlex.quote(need.probe)} >/dev/null 2>&1 || echo {number}"
        for number, need in enumerate(wanted)
    )
    said = (await sandbox.run(f"{script}\ntrue", PROBE_SECONDS)).output
    return tuple(
        wanted[int(line)].name for line in said.split() if line.isdecimal() and int(line) < len(wanted)
    )
