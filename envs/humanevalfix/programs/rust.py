"""Rust: the sealed tests become a module inside the candidate's, where private functions can be seen."""

import re

from envs.humanevalfix.instance import Sealed
from envs.humanevalfix.languages import RUST_FLAGS
from envs.humanevalfix.programs.base import Program, Secret, Step

_MODULE = re.compile(r"#\[cfg\(test\)\]\s*mod\s+\w+\s*\{")
_TEST = re.compile(r"#\[test\]\s*fn\s+(\w+)")
_MACRO = re.compile(r"(?<![\w:])(assert(?:_eq|_ne)?!)")
# The tests were written for rand 0.4, which no distribution has any more.
_RANGE = re.compile(r"\bgen_range\(([^,()]+),\s*([^,()]+)\)")
# Some tests draw their inputs at random, and for some draws even the reference of Rust/32 never ends.
_RANDOM = re.compile(r"\brand::thread_rng\(\)")
_SEEDED = "<rand::rngs::StdRng as rand::SeedableRng>::seed_from_u64(42)"

_ROOT = """\
mod main;
fn main() {{
    main::{inside}::all();
    let mut outside = String::new();
    std::io::Read::read_to_string(&mut std::io::stdin(), &mut outside).unwrap();
    println!("\\n{inside}{{}}", outside);
}}
"""


def assemble(candidate: str, sealed: Sealed, secret: Secret) -> Program:
    """Put a program together; see `envs.humanevalfix.programs`."""
    root = _ROOT.format(inside=secret.inside)
    build = ("rustc", *RUST_FLAGS.split(), "-C", "debuginfo=0", "-o", "sealed", "root.rs")
    return Program(
        {"main.rs": f"{candidate}\n{_module(sealed.tests, secret.inside)}", "root.rs": root},
        (Step(build, 120, builds=True), Step(("./sealed",), 10)),
        unneeded=("main.rs",),
    )


def _module(tests: str, name: str) -> str:
    """Return the tests as a plain module with a function that calls them all."""
    calls = "".join(f"{test}(); " for test in _TEST.findall(tests))
    text = _TEST.sub(r"fn \1", tests)
    # A candidate could have macros of its own by these names.
    text = _MACRO.sub(r"::std::\1", text)
    text = _RANDOM.sub(_SEEDED, text)
    text = _RANGE.sub(r"gen_range(\1..\2)", text)
    return _MODULE.sub(f"pub mod {name} {{ pub fn all() {{ {calls}}}", text, count=1)
