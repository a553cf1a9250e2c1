"""Where an answer that goes on with a function ends, and what of it is the body."""

import pytest

from aci.document import Document
from aci.functions import function
from agent.strategies.generation import body_in, closing_of
from agent.strategies.targets import Target

JAVA = """\
class Solution {
    public int add(int a, int b) {
        return a - b;
    }
}

public class Main {
    public static void main(String[] args) {
    }
}
"""
RUST = "fn main() {\n}\n\n// Adds.\nfn add(a: i32,\n       b: i32) -> i32 {\n    a - b\n}\n"
SCRIPT = "const add = (a, b) => {\n  return a - b\n}\n\nconsole.assert(add(1, 2) === 3)\n"
CPP = "int add(int a, int b)\n{\n    return a - b;\n}\n"
PYTHON = "def add(a, b):\n    return a - b\n"


def target_of(path: str, text: str, name: str) -> Target:
    one = function(path, text, name)
    assert one is not None
    return Target(path, Document.decode(text.encode()), one)


@pytest.mark.parametrize(
    ("path", "text", "closing", "answer"),
    [
        ("Main.java", JAVA, "\n    }", "        int sum = a + b;\n        return sum;"),
        ("main.rs", RUST, "\n}", "    let sum = a + b;\n    sum"),
        ("main.js", SCRIPT, "\n}", "  return a + b"),
        ("main.cpp", CPP, "\n}", "    for (;;) {\n        return a + b;\n    }"),
    ],
)
def test_an_answer_ends_with_the_brace_of_its_function(
    path: str, text: str, closing: str, answer: str
) -> None:
    target = target_of(path, text, "add")
    assert closing_of(target) == closing
    assert closing not in answer
    head = text[: target.function.body]
    rest = text[target.function.end :].partition("}")[2]
    assert body_in(target, head + answer + closing + rest) == answer + "\n"


def test_python_has_no_such_end() -> None:
    assert closing_of(target_of("main.py", PYTHON, "add")) == ""
