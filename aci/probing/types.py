"""Types as a signature writes them, read as kinds."""

import re
from collections.abc import Callable, Mapping

from aci.probing.kinds import INT_32, INT_64, Family, Kind

_DEEPEST = 6
_LONGEST = 200


def kind_of(language: str, text: str, aliases: Mapping[str, str] | None = None) -> Kind | None:
    """Return the kind of a type, or None when its values can't be made up.

    Args:
        language: The language's name, as `aci.grammars.language_of` returns it.
        text: The type as written.
        aliases: Other names that the file gives to types.
    """
    reader = _READERS.get(language)
    return (
        None
        if reader is None or len(text) > _LONGEST
        else reader(" ".join(text.split()), aliases or {}, _DEEPEST)
    )


def _split(text: str, mark: str = ",") -> list[str]:
    """Return the parts of a text between marks that stand outside of brackets."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "<[({") - (letter in ">])}")
        if letter == mark and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part.strip()]


def _taken_apart(text: str, brackets: str = "<>") -> tuple[str, list[str]]:
    """Return the last name of a type and its arguments: `std::vector<int>` is ("vector", ["int"])."""
    name, opening, inner = text.partition(brackets[0])
    if opening and not text.endswith(brackets[1]):
        return "", []
    return re.split(r"::|\.", name.strip())[-1], _split(inner[:-1]) if opening else []


_JAVA = {
    "byte": (-128, 127), "Byte": (-128, 127), "short": (-(2**15), 2**15 - 1), "Short": (-(2**15), 2**15 - 1),
    "int": INT_32, "Integer": INT_32, "long": INT_64, "Long": INT_64, "Number": INT_32,
}  # fmt: skip
_JAVA_PLAIN: Mapping[str, Family] = {
    "double": "float", "Double": "float", "float": "float", "Float": "float", "boolean": "bool",
    "Boolean": "bool", "char": "char", "Character": "char", "String": "text", "CharSequence": "text",
    "Object": "any",
}  # fmt: skip


def _java(text: str, aliases: Mapping[str, str], deep: int) -> Kind | None:
    text = re.sub(r"^final |^\? extends |@\w+ ", "", text)
    if text.endswith(("[]", "...")):
        inner = text.removesuffix("...").removesuffix("[]").strip()
        return _of("list", (_java(inner, aliases, deep - 1),), f"{inner}[]", deep)
    name, arguments = _taken_apart(text)
    if not arguments:
        return _scalar(name, _JAVA, _JAVA_PLAIN)
    parts = tuple(_java(argument, aliases, deep - 1) for argument in arguments)
    match name, len(parts):
        case (("List" | "ArrayList" | "Collection" | "Iterable" | "LinkedList"), 1):
            return _of("list", parts, text, deep)
        case (("Set" | "HashSet" | "TreeSet"), 1):
            return _of("set", parts, text, deep)
        case (("Map" | "HashMap" | "TreeMap"), 2):
            return _of("map", parts, text, deep)
        case "Optional", 1:
            return _of("optional", parts, text, deep)
    return None


_GO = {
    "int": INT_64, "int8": (-128, 127), "int16": (-(2**15), 2**15 - 1), "int32": INT_32, "int64": INT_64,
    "uint": (0, 2**63), "uint8": (0, 255), "uint16": (0, 2**16 - 1), "uint32": (0, 2**32 - 1),
    "uint64": (0, 2**63),
}  # fmt: skip
_GO_PLAIN: Mapping[str, Family] = {
    "float64": "float", "float32": "float", "bool": "bool", "string": "text", "rune": "char", "byte": "char",
    "interface{}": "any", "any": "any",
}  # fmt: skip


def _go(text: str, aliases: Mapping[str, str], deep: int) -> Kind | None:
    if array := re.match(r"\[(\d*)\](.+)", text):
        kind = _of("list", (_go(array[2], aliases, deep - 1),), text, deep)
        return kind._replace(size=int(array[1])) if kind is not None and array[1] else kind
    if text.startswith("map["):
        end = text.find("]")
        keys, values = _go(text[4:end], aliases, deep - 1), _go(text[end + 1 :], aliases, deep - 1)
        return _of("map", (keys, values), text, deep)
    return _scalar(text, _GO, _GO_PLAIN)


_CPP = {
    "int": INT_32, "long": INT_64, "longlong": INT_64, "longint": INT_64, "longlongint": INT_64,
    "short": (-(2**15), 2**15 - 1), "unsigned": (0, 2**32 - 1), "unsignedint": (0, 2**32 - 1),
    "unsignedlong": (0, 2**63), "unsignedlonglong": (0, 2**63), "size_t": (0, 2**63),
    "int32_t": INT_32, "int64_t": INT_64, "uint8_t": (0, 255), "uint32_t": (0, 2**32 - 1),
    "uint64_t": (0, 2**63),
}  # fmt: skip
_CPP_PLAIN: Mapping[str, Family] = {
    "double": "float", "float": "float", "longdouble": "float", "bool": "bool", "char": "char",
    "string": "text", "string_view": "text", "any": "any",
}  # fmt: skip


def _cpp(text: str, aliases: Mapping[str, str], deep: int) -> Kind | None:
    constant = re.search(r"\bconst\b", re.sub(r"<.*>", "", text)) is not None
    text = re.sub(r"^(?:const|struct)\s+|\s+const\b(?=\s*&*$)", "", text).strip()
    if constant and re.fullmatch(r"char \*|char\*", text):
        return Kind("text", spelling="const char *")
    if text.endswith("&"):
        kind = _cpp(text.rstrip("&").strip(), aliases, deep)
        # What may be changed has to outlive the expression.
        changing = kind is not None and not constant and not text.endswith("&&")
        return kind._replace(prefix="*new ") if kind is not None and changing else kind
    if text in aliases and deep > 0:
        kind = _cpp(aliases[text], aliases, deep - 1)
        return None if kind is None else kind._replace(spelling=text)
    name, arguments = _taken_apart(text)
    if not arguments:
        return _scalar(name.replace(" ", ""), _CPP, _CPP_PLAIN, text)
    if name == "array" and len(arguments) == 2 and arguments[1].isdigit():
        kind = _of("list", (_cpp(arguments[0], aliases, deep - 1),), text, deep)
        return None if kind is None else kind._replace(size=int(arguments[1]))
    parts = tuple(_cpp(argument, aliases, deep - 1) for argument in arguments)
    match name, len(parts):
        case (("vector" | "list" | "deque"), 1):
            return _of("list", parts, text, deep)
        case (("set" | "unordered_set"), 1):
            return _of("set", parts, text, deep)
        case (("map" | "unordered_map"), 2):
            return _of("map", parts, text, deep)
        case ("pair", 2) | ("tuple", _):
            return _of("tuple", parts, text, deep)
        case "optional", 1:
            return _of("optional", parts, text, deep)
    return None


_RUST = {
    "i8": (-128, 127), "i16": (-(2**15), 2**15 - 1), "i32": INT_32, "i64": INT_64, "i128": INT_64,
    "isize": INT_64, "u8": (0, 255), "u16": (0, 2**16 - 1), "u32": (0, 2**32 - 1), "u64": (0, 2**63),
    "u128": (0, 2**63), "usize": (0, 2**63),
}  # fmt: skip
_RUST_PLAIN: Mapping[str, Family] = {
    "f32": "float", "f64": "float", "bool": "bool", "char": "char", "String": "text", "str": "text",
}  # fmt: skip


def _rust(text: str, aliases: Mapping[str, str], deep: int) -> Kind | None:
    text = re.sub(r"'\w+ ?(?!')", "", text)
    if re.fullmatch(r"&?(?:Box<)?dyn (?:std::any::)?Any>?", text):
        return Kind("any", spelling=text)
    if text in aliases and deep > 0:
        return _rust(aliases[text], aliases, deep - 1)
    if text.startswith("&"):
        mark = "&mut " if text.startswith("&mut ") else "&"
        kind = _rust(text.removeprefix(mark).strip(), aliases, deep - 1) if deep > 0 else None
        if kind is None or (kind.spelling == "str" and mark != "&"):
            return None
        return kind if kind.spelling == "str" else kind._replace(prefix=mark + kind.prefix)
    if text.startswith("[") and text.endswith("]"):
        inner, _, size = text[1:-1].partition(";")
        kind = _of("list", (_rust(inner.strip(), aliases, deep - 1),), "[]", deep)
        if kind is None or not size.strip():
            return kind
        return kind._replace(size=int(size)) if size.strip().isdigit() else None
    if text.startswith("(") and text.endswith(")"):
        return _of("tuple", tuple(_rust(part, aliases, deep - 1) for part in _split(text[1:-1])), text, deep)
    name, arguments = _taken_apart(text)
    if not arguments:
        return _scalar(name, _RUST, _RUST_PLAIN)
    parts = tuple(_rust(argument, aliases, deep - 1) for argument in arguments)
    match name, len(parts):
        case (("Vec" | "VecDeque"), 1):
            return _of("list", parts, name, deep)
        case (("HashSet" | "BTreeSet"), 1):
            return _of("set", parts, name, deep)
        case (("HashMap" | "BTreeMap"), 2):
            return _of("map", parts, name, deep)
        case "Option", 1:
            return _of("optional", parts, text, deep)
    return None


_TYPESCRIPT_PLAIN: Mapping[str, Family] = {
    "number": "number", "string": "text", "boolean": "bool", "any": "any", "unknown": "any",
}  # fmt: skip


def _typescript(text: str, aliases: Mapping[str, str], deep: int) -> Kind | None:
    text = text.removeprefix(":").strip().removeprefix("readonly ")
    if text.startswith("(") and text.endswith(")"):
        text = text[1:-1].strip()
    if text in aliases and deep > 0:
        return _typescript(aliases[text], aliases, deep - 1)
    choices = _split(text, "|")
    if len(choices) > 1:
        kinds = [_typescript(choice, aliases, deep - 1) for choice in choices if choice not in _EMPTY]
        inner = kinds[0] if len(kinds) == 1 else Kind("any")
        return _of("optional", (inner,), "", deep) if len(kinds) < len(choices) else inner
    if text.endswith("[]"):
        return _of("list", (_typescript(text[:-2], aliases, deep - 1),), "", deep)
    if text.startswith("[") and text.endswith("]"):
        return _of(
            "tuple", tuple(_typescript(part, aliases, deep - 1) for part in _split(text[1:-1])), "", deep
        )
    name, arguments = _taken_apart(text)
    if not arguments:
        return _scalar(name, {}, _TYPESCRIPT_PLAIN)
    parts = tuple(_typescript(argument, aliases, deep - 1) for argument in arguments)
    match name, len(parts):
        case (("Array" | "ReadonlyArray" | "Iterable"), 1):
            return _of("list", parts, "", deep)
        case "Set", 1:
            return _of("set", parts, "", deep)
        case "Record", 2:
            return _of("map", parts, "", deep)
    return None


_EMPTY = frozenset({"null", "undefined", "None"})
_PYTHON_PLAIN: Mapping[str, Family] = {
    "int": "int", "float": "float", "bool": "bool", "str": "text", "Any": "any", "object": "any",
}  # fmt: skip
_PYTHON_BARE = {"list": "list[int]", "tuple": "tuple[int, ...]", "set": "set[int]", "dict": "dict[str, int]"}
_PYTHON_LISTS = frozenset({"List", "list", "Sequence", "Iterable", "Collection", "MutableSequence"})


def _python(text: str, aliases: Mapping[str, str], deep: int) -> Kind | None:
    text = text.strip("\"' ")
    if text in aliases and deep > 0:
        return _python(aliases[text], aliases, deep - 1)
    choices = _split(text, "|")
    name, arguments = _taken_apart(text, "[]")
    if name == "Union" or len(choices) > 1:
        choices = arguments if name == "Union" else choices
        kinds = [_python(choice, aliases, deep - 1) for choice in choices if choice not in _EMPTY]
        if {kind.family for kind in kinds if kind is not None} == {"int", "float"}:
            return Kind("number")
        inner = kinds[0] if len(kinds) == 1 else Kind("any")
        return _of("optional", (inner,), "", deep) if len(kinds) < len(choices) else inner
    if not arguments:
        if name.lower() in _PYTHON_BARE:
            return _python(_PYTHON_BARE[name.lower()], {}, deep)
        return _scalar(name, {}, _PYTHON_PLAIN)
    parts = tuple(_python(argument, aliases, deep - 1) for argument in arguments if argument != "...")
    if name in _PYTHON_LISTS and len(parts) == 1:
        return _of("list", parts, "", deep)
    match name, len(parts):
        case (("Tuple" | "tuple"), _):
            return _of("list" if "..." in arguments and len(parts) == 1 else "tuple", parts, "", deep)
        case (("Set" | "set" | "FrozenSet" | "AbstractSet"), 1):
            return _of("set", parts, "", deep)
        case (("Dict" | "dict" | "Mapping"), 2):
            return _of("map", parts, "", deep)
        case "Optional", 1:
            return _of("optional", parts, "", deep)
    return None


def _of(family: Family, parts: tuple[Kind | None, ...], spelling: str, deep: int) -> Kind | None:
    known = tuple(part for part in parts if part is not None)
    if deep <= 0 or len(known) < len(parts) or not parts:
        return None
    return Kind(family, known, spelling)


def _scalar(
    name: str, bounded: Mapping[str, tuple[int, int]], plain: Mapping[str, Family], spelling: str = ""
) -> Kind | None:
    if name in bounded:
        return Kind("int", spelling=spelling or name, bounds=bounded[name])
    return Kind(plain[name], spelling=spelling or name) if name in plain else None


_Reader = Callable[[str, Mapping[str, str], int], Kind | None]
_READERS: Mapping[str, _Reader] = {
    "java": _java, "go": _go, "cpp": _cpp, "rust": _rust, "typescript": _typescript, "tsx": _typescript,
    "python": _python,
}  # fmt: skip
