"""Literals of every language, read as Python's values."""

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aci.grammars import parse, text_of

_WRAPPED = {
    "java": "class A {{ void m() {{ Object o = {}; }} }}",
    "go": "package a\nfunc m() {{ {} }}",
    "cpp": "void m() {{ {}; }}",
    "rust": "fn m() {{ {}; }}",
    "javascript": "({})",
    "typescript": "({})",
    "tsx": "({})",
}
_CALLS = frozenset({"call_expression", "method_invocation"})
_COLLECTIONS = re.compile(
    r"(?:Array|Linked)?List|ArrayDeque|(?:Hash|Tree|LinkedHash)?(?:Set|Map)|BTree(?:Set|Map)|Vec(?:Deque)?"
    r"|vector|list|deque|set|unordered_set|map|unordered_map|pair|make_pair|tuple|make_tuple"
)
_WRAPPERS = frozenset({"String", "string", "Some", "Optional", "Box", "any"})
_DEEPEST = 8


class NoLiteral(Exception):
    """An expression is more than literals."""


def arguments_of(language: str, call: str) -> tuple[object, ...] | None:
    """Return the arguments of a call whose arguments are literals, else None.

    Lists, maps, sets, optional values and what a language wraps around them are Python's own; a character is
    a string of one letter.

    Args:
        language: The language in which the call is written, or "python".
        call: The call alone.
    """
    if language == "python":
        return _python(call)
    root = parse(language, _WRAPPED[language].format(call)) if language in _WRAPPED else None
    node = None if root is None or root.has_error else _call(root)
    if node is None:
        return None
    try:
        return tuple(_value(one, language, _DEEPEST) for one in _given(node))
    except (NoLiteral, ValueError, TypeError, SyntaxError, RecursionError):
        return None


def parses(language: str, call: str) -> bool:
    """Say whether a call is one expression of a language, of literals only in Python."""
    if language == "python":
        # What is not finite is written as a name that nobody knows.
        return not re.search(r"(?<![\w.'\"])(?:inf|nan)(?![\w'\"])", call) and _python_expression(call)
    root = parse(language, _WRAPPED[language].format(call)) if language in _WRAPPED else None
    return root is not None and not root.has_error


def _python_expression(call: str) -> bool:
    try:
        ast.parse(call, mode="eval")
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


_NAMES = {"true": True, "false": False, "null": None, "nil": None, "undefined": None}


def _python(call: str) -> tuple[object, ...] | None:
    try:
        tree = ast.parse(call.strip(), mode="eval").body
        if not isinstance(tree, ast.Call) or tree.keywords:
            return None
        for node in ast.walk(tree):
            for name, value in ast.iter_fields(node):
                if isinstance(value, list):
                    value[:] = [_known(one) for one in value]
                elif isinstance(value, ast.Name) and name != "func":
                    setattr(node, name, _known(value))
        return tuple(ast.literal_eval(one) for one in tree.args)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


def _known(node: Any) -> Any:
    return ast.Constant(_NAMES[node.id]) if isinstance(node, ast.Name) and node.id in _NAMES else node


def _call(root: Any) -> Any:
    """Return the outermost call of a tree."""
    pending = [root]
    while pending:
        node = pending.pop(0)
        if node.type in _CALLS:
            return node
        pending += node.named_children
    return None


def _given(node: Any) -> list[Any]:
    arguments = node.child_by_field_name("arguments")
    return [] if arguments is None else [one for one in arguments.named_children if "comment" not in one.type]


def _value(node: Any, language: str, deep: int) -> object:
    if deep <= 0:
        raise NoLiteral
    reader = _READERS.get(node.type)
    if reader is None:
        raise NoLiteral
    return reader(node, language, deep)


def _number(node: Any, language: str, deep: int) -> object:
    text = re.sub(r"(?<=\d)_(?=\d)|(?<=\d)'(?=\d)", "", text_of(node))
    if re.match(r"0[xXbB]", text):
        return int(re.sub(r"_?[uUlLn]+\d*$|_?i\d+$", "", text), 0)
    text = re.sub(r"_?(?:[uif](?:8|16|32|64|128|size)|[uUlLnfFdD]+)$", "", text)
    if re.fullmatch(r"-?\d+", text):
        return int(text, 8) if language != "rust" and re.fullmatch(r"0\d+", text) else int(text)
    return float(text)


def _string(node: Any, language: str, deep: int) -> object:
    text = text_of(node)
    if text.startswith("`"):
        if "${" in text:
            raise NoLiteral
        return text[1:-1]
    if text.startswith(("r", "R", "b", "L", "u")):
        raise NoLiteral
    text = re.sub(r"\\u\{([0-9a-fA-F]+)\}", lambda found: f"\\U{int(found[1], 16):08x}", text)
    value = ast.literal_eval(text)
    if not isinstance(value, str):
        raise NoLiteral
    return value


def _sequence(node: Any, language: str, deep: int) -> object:
    parts = [one for one in node.named_children if "comment" not in one.type]
    if node.type == "array_expression" and ";" in {child.type for child in node.children}:
        value, count = (_value(one, language, deep - 1) for one in parts)
        if not isinstance(count, int) or count > 100:
            raise NoLiteral
        return [value] * count
    if parts and all(one.type == "keyed_element" for one in parts):
        return {
            _key(_value(one.named_children[0], language, deep - 1)): _value(
                one.named_children[1], language, deep - 1
            )
            for one in parts
        }
    values = [_value(one, language, deep - 1) for one in parts]
    return tuple(values) if node.type == "tuple_expression" else values


def _key(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _inner(node: Any, language: str, deep: int) -> object:
    if len(node.named_children) != 1:
        raise NoLiteral
    return _value(node.named_children[0], language, deep - 1)


def _last(node: Any, language: str, deep: int) -> object:
    """Return the value of what follows a type: `[]int{1}`, `new int[]{1}`, `(vector<int>){1}`."""
    value = _value(node.named_children[-1], language, deep - 1)
    kind = node.child_by_field_name("type")
    return {} if value == [] and kind is not None and text_of(kind).startswith("map") else value


def _signed(node: Any, language: str, deep: int) -> object:
    sign = text_of(node.children[0])
    value = _inner(node, language, deep)
    if sign not in {"-", "+"} or not isinstance(value, int | float):
        raise NoLiteral
    return -value if sign == "-" else value


def _object(node: Any, language: str, deep: int) -> object:
    found = {}
    for pair in node.named_children:
        if pair.type != "pair" or len(pair.named_children) != 2:
            raise NoLiteral
        key, value = pair.named_children
        plain = text_of(key) if key.type == "property_identifier" else str(_value(key, language, deep - 1))
        found[plain] = _value(value, language, deep - 1)
    return found


def _made(node: Any, language: str, deep: int) -> object:
    """Return the value of a call or `new` that makes a collection, a string or an optional value."""
    called = node.child_by_field_name("function") or node.child_by_field_name("constructor")
    name = text_of(called if called is not None else node.child_by_field_name("type") or node.children[0])
    if node.type == "method_invocation":
        owner, method = node.child_by_field_name("object"), node.child_by_field_name("name")
        name = f"{text_of(owner) if owner is not None else ''}.{text_of(method)}"
    elif called is not None and called.type == "field_expression":
        owner, method = called.child_by_field_name("value"), called.child_by_field_name("field")
        if owner is None or text_of(method) not in {"to_string", "to_owned", "into", "to_vec"}:
            raise NoLiteral
        return _value(owner, language, deep - 1)
    name = re.sub(r"<.*>|\s", "", name, flags=re.DOTALL).replace("::.", "::").removesuffix("::")
    parts = re.split(r"::|\.", name)
    values = [_value(one, language, deep - 1) for one in _given(node)]
    return _built([part for part in parts if part], values)


def _built(names: Sequence[str], values: list[object]) -> object:
    last = names[-1] if names else ""
    owner = names[-2] if len(names) > 1 else last
    if {owner, last} & _WRAPPERS and last != "empty":
        return values[0] if values else "" if "tring" in owner + last else None
    if last == "empty" and "Optional" in names:
        return None
    if last == "of" and "Map" in names:
        return dict(zip(map(_key, values[::2]), values[1::2], strict=True))
    if last in {"asList", "of"}:
        return values
    made = next((name for name in reversed(names) if _COLLECTIONS.fullmatch(name)), "")
    if not made or len(values) > (2 if made in {"pair", "make_pair"} else 8):
        raise NoLiteral
    if "pair" in made or "tuple" in made:
        return tuple(values)
    inner = values[0] if values else []
    if len(values) > 1 or not isinstance(inner, list | dict):
        raise NoLiteral
    if made.lower().endswith("map") and isinstance(inner, list):
        return {_key(pair[0]): pair[1] for pair in inner if isinstance(pair, list | tuple)}
    return {_key(one) for one in inner} if made.lower().endswith("set") else inner


def _macro(node: Any, language: str, deep: int) -> object:
    name, _, rest = text_of(node).partition("!")
    rest = rest.strip()
    if name.strip() != "vec":
        raise NoLiteral
    found = arguments_of("rust", f"f([{rest[1:-1]}])")
    if found is None:
        raise NoLiteral
    return found[0]


def _none(node: Any, language: str, deep: int) -> object:
    return None


def _word(node: Any, language: str, deep: int) -> object:
    words = {"None": None, "true": True, "false": False, "nil": None, "NULL": None, "undefined": None}
    if text_of(node) not in words:
        raise NoLiteral
    return words[text_of(node)]


_Reader = Callable[[Any, str, int], object]
_READERS: Mapping[str, _Reader] = {
    **dict.fromkeys(
        ("number", "number_literal", "int_literal", "float_literal", "integer_literal",
         "decimal_integer_literal", "hex_integer_literal", "decimal_floating_point_literal"), _number
    ),
    **dict.fromkeys(
        ("string", "string_literal", "interpreted_string_literal", "raw_string_literal", "template_string",
         "char_literal", "character_literal", "rune_literal"), _string
    ),
    **dict.fromkeys(
        ("array", "array_expression", "initializer_list", "array_initializer", "literal_value",
         "tuple_expression"), _sequence
    ),
    **dict.fromkeys(("literal_element", "parenthesized_expression"), _inner),
    **dict.fromkeys(
        ("composite_literal", "compound_literal_expression", "array_creation_expression", "cast_expression",
         "reference_expression"), _last
    ),
    **dict.fromkeys(("unary_expression",), _signed),
    **dict.fromkeys(
        ("call_expression", "method_invocation", "object_creation_expression", "new_expression"), _made
    ),
    **dict.fromkeys(("null", "nil", "null_literal"), _none),
    **dict.fromkeys(("true", "false", "boolean_literal", "undefined", "identifier"), _word),
    "object": _object,
    "macro_invocation": _macro,
}  # fmt: skip
