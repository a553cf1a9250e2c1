"""Examples in a function's documentation, as checks in its language; what does not parse is no example."""

import ast
import builtins
import doctest
import re
from collections.abc import Iterator
from typing import Any

_RUST_EXAMPLE = re.compile(
    r"^\s*(?:>>>\s*)?(?P<call>\w+\(.*\))\s*(?:==|=>|=|➞|->|returns?)\s*(?P<value>.+?)\.?\s*$"
)
_RUST_SIGNATURE = re.compile(r"\((?P<parameters>.*)\)\s*->\s*(?P<result>.+)$", re.DOTALL)


def python_examples(docstring: str, entry_point: str) -> tuple[str, ...]:
    """Return an assertion for each `>>>` example that calls the function with literals alone."""
    try:
        found = doctest.DocTestParser().get_examples(docstring)
    except ValueError:
        return ()
    made = []
    for example in found:
        try:
            called = ast.parse(example.source.strip(), mode="eval").body
            ast.literal_eval(example.want.strip())
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            continue
        names = {node.id for node in ast.walk(called) if isinstance(node, ast.Name)}
        if entry_point in names and all(name == entry_point or hasattr(builtins, name) for name in names):
            made.append(f"assert {ast.unparse(called)} == {example.want.strip()}")
    return tuple(made)


def rust_examples(docstring: str, entry_point: str, signature: str) -> tuple[str, ...]:
    """Return an assertion for each line such as `f(1, [2]) == 3`, its literals written by the signature."""
    types = _RUST_SIGNATURE.search(signature)
    if types is None:
        return ()
    parameters = [part.partition(":")[2].strip() for part in _split(types["parameters"])]
    made = []
    for line in docstring.splitlines():
        example = _RUST_EXAMPLE.match(line)
        if example is None:
            continue
        try:
            call = ast.parse(example["call"], mode="eval").body
            value = ast.literal_eval(example["value"])
            if not isinstance(call, ast.Call) or getattr(call.func, "id", "") != entry_point:
                continue
            given = [ast.literal_eval(argument) for argument in call.args]
            arguments = ", ".join(_rust_literal(*pair) for pair in zip(given, parameters, strict=True))
            made.append(
                f"assert_eq!({entry_point}({arguments}), {_rust_literal(value, types['result'].strip())});"
            )
        except (SyntaxError, ValueError):
            continue
    return tuple(made)


def _split(parameters: str) -> Iterator[str]:
    depth, begin = 0, 0
    for place, character in enumerate(parameters):
        depth += (character in "<([") - (character in ">)]")
        if character == "," and depth == 0:
            yield parameters[begin:place]
            begin = place + 1
    if parameters[begin:].strip():
        yield parameters[begin:]


def _rust_literal(value: Any, kind: str) -> str:
    """Write a value as Rust does for a type.

    Raises:
        ValueError: The value is not of the type, or the type is not a simple one.
    """
    if kind.startswith("&") and kind not in ("&str", "&'static str"):
        return "&" + _rust_literal(value, kind.removeprefix("&").removeprefix("mut ").strip())
    if kind == "bool" and isinstance(value, bool):
        return str(value).lower()
    if re.fullmatch(r"[iu](\d+|size)", kind) and type(value) is int and (value >= 0 or kind[0] == "i"):
        return str(value)
    if kind in ("f32", "f64") and type(value) in (int, float):
        return repr(float(value))
    if kind in ("String", "&str", "&'static str") and isinstance(value, str) and value.isprintable():
        text = '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        return f"String::from({text})" if kind == "String" else text
    inner = re.fullmatch(r"Vec<(.+)>", kind)
    if inner and isinstance(value, list):
        return f"vec![{', '.join(_rust_literal(item, inner[1].strip()) for item in value)}]"
    raise ValueError(f"{value!r} is no {kind}")
