"""C++: the candidate's file is included above the tests, with every name that the tests define renamed."""

import re

from envs.humanevalfix.instance import Sealed
from envs.humanevalfix.programs.base import Program, Secret, Step

_HEADERS = (
    "algorithm", "climits", "cmath", "cstring", "deque", "fstream", "iostream", "iterator", "list", "map",
    "math.h", "numeric", "queue", "set", "sstream", "stack", "stdio.h", "stdlib.h", "string", "unistd.h",
    "vector",
)  # fmt: skip
_DEFINED = re.compile(r"^[A-Za-z_][\w:<>,&* \t]*?[\s&*](\w+)\s*\([^;{}]*\)\s*\{", re.MULTILINE)
_LAST_BRACE = re.compile(r"(?:return\s+0\s*;\s*)?\}\s*\Z")


def assemble(candidate: str, sealed: Sealed, secret: Secret) -> Program:
    """Put a program together; see `envs.humanevalfix.programs`."""
    renamed = sorted({"main", *_DEFINED.findall(sealed.tests)})
    end = (
        f"std::string outside; std::getline(std::cin, outside); "
        f'outside = "\\n{secret.inside}" + outside + "\\n"; '
        "std::cout.flush(); if (write(1, outside.data(), outside.size())) {} _exit(0); }\n"
    )
    text = "\n".join(
        (
            *(f"#include <{header}>" for header in _HEADERS),
            "using namespace std;",
            *(f"#define {name} {name}_{secret.inside}" for name in renamed),
            '#include "main.cpp"',
            *(f"#undef {name}" for name in (*renamed, "if", "return", "true", "false")),
            _LAST_BRACE.sub(lambda _: end, sealed.tests.rstrip()),
        )
    )
    libraries = ("-lcrypto",) if "openssl/" in candidate + sealed.tests else ()
    build = ("g++", "-std=c++11", "-w", "-o", "sealed", "sealed.cpp", *libraries)
    return Program(
        {"main.cpp": candidate, "sealed.cpp": text},
        (Step(build, 120, builds=True), Step(("./sealed",), 10)),
        unneeded=("sealed.cpp",),
    )
