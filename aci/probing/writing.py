"""Values written as literals of a language, by the kinds that a signature asks for."""

import json
import math
from collections.abc import Callable, Mapping, Sequence

from aci.probing.kinds import INT_32, Family, Kind


class Unwritable(Exception):
    """A language has no literal for a value."""


def written(language: str, kind: Kind | None, value: object) -> str:
    """Return a value as an expression of a language that has the type which the kind was read from.

    Raises:
        Unwritable: The language has no expression for it.
    """
    if language == "python":
        return repr(value)
    writer = _WRITERS.get(language)
    if writer is None:
        raise Unwritable(language)
    return writer(kind or Kind("any"), value)


def _javascript(kind: Kind, value: object) -> str:
    match value:
        case None:
            return "null"
        case set():
            return f"new Set([{', '.join(_javascript(kind, one) for one in sorted(value, key=repr))}])"
        case list() | tuple():
            return f"[{', '.join(_javascript(kind, one) for one in value)}]"
        case dict():
            pairs = (f"{json.dumps(str(key))}: {_javascript(kind, one)}" for key, one in value.items())
            return f"{{{', '.join(pairs)}}}"
        case float() if not math.isfinite(value):
            raise Unwritable(value)
        case bool() | int() | float() | str():
            return json.dumps(value)
    raise Unwritable(value)


def _java(kind: Kind, value: object) -> str:
    match kind.family, value:
        case "any", _:
            return _java_any(value)
        case "optional", None:
            return "java.util.Optional.empty()"
        case "optional", _:
            return f"java.util.Optional.of({_java(kind.parts[0], value)})"
        case "int", int():
            mark = "L" if kind.spelling in {"long", "Long"} else ""
            cast = {"Byte": "(byte) ", "byte": "(byte) ", "Short": "(short) ", "short": "(short) "}
            return f"{cast.get(kind.spelling, '')}{value}{mark}"
        case "float", float():
            return _real(value) + ("f" if kind.spelling in {"float", "Float"} else "")
        case "bool", bool():
            return "true" if value else "false"
        case "char", str():
            return _quoted(value, "'")
        case "text", str():
            return _quoted(value, '"')
        case "list", list():
            parts = [_java(kind.parts[0], one) for one in value]
            if kind.spelling.endswith("[]"):
                depth = kind.spelling.count("[]")
                plain = kind.spelling.replace("[]", "").strip()
                return f"new {plain}{'[]' * depth}{{{', '.join(parts)}}}"
            return _java_filled("LinkedList" if "Linked" in kind.spelling else "ArrayList", kind, parts)
        case "set", set():
            parts = [_java(kind.parts[0], one) for one in sorted(value, key=repr)]
            return _java_filled("TreeSet" if kind.spelling.startswith("Tree") else "HashSet", kind, parts)
        case "map", dict():
            name = "TreeMap" if kind.spelling.startswith("Tree") else "HashMap"
            arguments = kind.spelling.partition("<")[2].rpartition(">")[0]
            if not value:
                return f"new java.util.{name}<{arguments}>()"
            pairs = [_java(kind.parts[at], one) for item in value.items() for at, one in enumerate(item)]
            if len(pairs) > 20 or None in value.values():
                raise Unwritable(value)
            return f"new java.util.{name}<{arguments}>(java.util.Map.of({', '.join(pairs)}))"
    raise Unwritable(value)


def _java_filled(name: str, kind: Kind, parts: Sequence[str]) -> str:
    argument = kind.spelling.partition("<")[2].rpartition(">")[0].removeprefix("? extends ")
    made = f"new java.util.{name}<{argument}>"
    return f"{made}(java.util.Arrays.asList({', '.join(parts)}))" if parts else f"{made}()"


def _java_any(value: object) -> str:
    match value:
        case None:
            return "(Object) null"
        case bool():
            return "true" if value else "false"
        case int() if INT_32[0] <= value <= INT_32[1]:
            return str(value)
        case float():
            return _real(value)
        case str():
            return _quoted(value, '"')
        case list() | tuple():
            if not value:
                return "new java.util.ArrayList<Object>()"
            inner = ", ".join(map(_java_any, value))
            return f"new java.util.ArrayList<Object>(java.util.Arrays.asList({inner}))"
        case dict() if len(value) <= 10 and None not in value.values():
            inner = ", ".join(_java_any(one) for item in value.items() for one in item)
            return f"new java.util.HashMap<Object, Object>(java.util.Map.of({inner}))"
    raise Unwritable(value)


def _go(kind: Kind, value: object) -> str:
    match kind.family, value:
        case "any", None:
            return "nil"
        case "any", list() | tuple():
            return f"[]interface{{}}{{{', '.join(_go(kind, one) for one in value)}}}"
        case "any", dict():
            pairs = (f"{_go(kind, key)}: {_go(kind, one)}" for key, one in value.items())
            return f"map[interface{{}}]interface{{}}{{{', '.join(pairs)}}}"
        case _, bool():
            return "true" if value else "false"
        case _, int():
            return str(value)
        case _, float():
            return _real(value)
        case "char", str():
            return _quoted(value, "'")
        case _, str():
            return _quoted(value, '"')
        case "list", list():
            return f"{kind.spelling}{{{', '.join(_go(kind.parts[0], one) for one in value)}}}"
        case "map", dict():
            pairs = (f"{_go(kind.parts[0], key)}: {_go(kind.parts[1], one)}" for key, one in value.items())
            return f"{kind.spelling}{{{', '.join(pairs)}}}"
    raise Unwritable(value)


def _cpp(kind: Kind, value: object) -> str:
    text = _cpp_plain(kind, value)
    if kind.prefix and kind.family in {"int", "float", "bool", "char", "text"}:
        text = f"{kind.spelling}({text})"
    return kind.prefix + text


def _cpp_plain(kind: Kind, value: object) -> str:
    match kind.family, value:
        case "any", None:
            return f"{kind.spelling}()"
        case "any", bool() | int() | float():
            return f"{kind.spelling}({_cpp_plain(Kind(_NUMBERS[type(value)]), value)})"
        case "any", str():
            return kind.spelling + "(std::string(" + _quoted(value, '"') + "))"
        case "optional", None:
            return f"{kind.spelling}()"
        case "optional", _:
            return f"{kind.spelling}({_cpp(kind.parts[0], value)})"
        case "bool", bool():
            return "true" if value else "false"
        case "int", int():
            # The least number of a type is no literal, only its negative would be.
            return f"({value + 1} - 1)" if value in {-(2**31), -(2**63)} else str(value)
        case "float", float():
            return _real(value)
        case "char", str() if value.isascii():
            return _quoted(value, "'")
        case "text", str():
            return _quoted(value, '"')
        case "list" | "set", list() | set():
            parts = sorted(value, key=repr) if isinstance(value, set) else value
            inner = [_within(kind.parts[0], one) for one in parts]
            return f"{kind.spelling}{{{', '.join(inner)}}}"
        case "tuple", tuple():
            inner = [_within(part, one) for part, one in zip(kind.parts, value, strict=True)]
            return f"{kind.spelling}({', '.join(inner)})"
        case "map", dict():
            rows = (
                f"{{{_within(kind.parts[0], key)}, {_within(kind.parts[1], one)}}}"
                for key, one in value.items()
            )
            return f"{kind.spelling}{{{', '.join(rows)}}}"
    raise Unwritable(value)


_NUMBERS: Mapping[type, Family] = {bool: "bool", int: "int", float: "float"}


def _within(kind: Kind, value: object) -> str:
    """Write an element; two bare texts in braces would be taken for the ends of one."""
    text = _cpp(kind, value)
    return f"{kind.spelling}({text})" if kind.family == "text" else text


def _rust(kind: Kind, value: object) -> str:
    return kind.prefix + _rust_plain(kind, value)


def _rust_plain(kind: Kind, value: object) -> str:
    match kind.family, value:
        case "any", bool() | int() | float():
            plain = _rust_plain(Kind(_NUMBERS[type(value)], spelling="i32"), value)
            return _rust_any(kind, plain)
        case "any", str():
            return _rust_any(kind, "String::from(" + _rust_quoted(value, '"') + ")")
        case "optional", None:
            return "None"
        case "optional", _:
            return f"Some({_rust(kind.parts[0], value)})"
        case "bool", bool():
            return "true" if value else "false"
        case "int", int():
            return str(value)
        case "float", float():
            return _real(value)
        case "char", str():
            return _rust_quoted(value, "'")
        case "text", str():
            text = _rust_quoted(value, '"')
            return text if kind.spelling == "str" else f"String::from({text})"
        case "list", list():
            inner = ", ".join(_rust(kind.parts[0], one) for one in value)
            if kind.spelling == "[]" or kind.size >= 0:
                return f"[{inner}]"
            return (
                f"std::collections::VecDeque::from([{inner}])"
                if "Deque" in kind.spelling
                else f"vec![{inner}]"
            )
        case "set", set():
            inner = ", ".join(_rust(kind.parts[0], one) for one in sorted(value, key=repr))
            return f"std::collections::{kind.spelling}::from([{inner}])"
        case "tuple", tuple():
            parts = [_rust(part, one) for part, one in zip(kind.parts, value, strict=True)]
            return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
        case "map", dict():
            pairs = (
                f"({_rust(kind.parts[0], key)}, {_rust(kind.parts[1], one)})" for key, one in value.items()
            )
            return f"std::collections::{kind.spelling}::from([{', '.join(pairs)}])"
    raise Unwritable(value)


def _rust_any(kind: Kind, text: str) -> str:
    return f"{'Box::new(' + text + ')' if 'Box' in kind.spelling else '&' + text} as {kind.spelling}"


def _real(value: float) -> str:
    if not math.isfinite(value):
        raise Unwritable(value)
    text = repr(value)
    return text if "." in text or "e" in text else f"{text}.0"


_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _quoted(text: str, mark: str) -> str:
    # Octal escapes of three digits: whatever follows is no part of them.
    return mark + "".join(_letter(letter, mark) for letter in text) + mark


def _letter(letter: str, mark: str) -> str:
    if "\ud800" <= letter <= "\udfff":
        raise Unwritable(letter)
    if letter == mark:
        return "\\" + letter
    if letter in _ESCAPES:
        return _ESCAPES[letter]
    return f"\\{ord(letter):03o}" if ord(letter) < 32 or ord(letter) == 127 else letter


def _rust_quoted(text: str, mark: str) -> str:
    shown = (
        f"\\u{{{ord(letter):x}}}"
        if (ord(letter) < 32 or ord(letter) == 127) and letter not in _ESCAPES
        else _letter(letter, mark)
        for letter in text
    )
    return mark + "".join(shown) + mark


_Writer = Callable[[Kind, object], str]
_WRITERS: Mapping[str, _Writer] = {
    "javascript": _javascript, "typescript": _javascript, "tsx": _javascript, "java": _java, "go": _go,
    "cpp": _cpp, "rust": _rust,
}  # fmt: skip
