"""The place of a function: what its variants are called with, as far as that can be told from its text."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from aci.functions import Function
from aci.grammars import language_of, parse


class Site(NamedTuple):
    """A function that variants can stand beside, by texts of its file.

    Attributes:
        start: Where the function begins, modifiers included and comments and attributes not.
        open: Where the content of its body begins, right behind `{`.
        close: Where it ends, at `}`.
        header: What a variant begins with, up to and with `{`; `{name}` stands where its name belongs, and
            braces are doubled. "" where variants have no header.
        dispatcher: What the function itself begins with, up to and with `{`.
        call: A call of a variant, with `{name}` as in `header`.
        returns: The function gives something back.
        result: The type of what it gives back, as C++ writes it behind `->`, or "".
        parameters: The names of its parameters.
    """

    start: int
    open: int
    close: int
    header: str
    dispatcher: str
    call: str
    returns: bool
    result: str
    parameters: tuple[str, ...]


class _Parts(NamedTuple):
    """A site in bytes, as the reader of a language finds it."""

    header: tuple[bytes, bytes]
    dispatcher: bytes
    before: str
    arguments: tuple[str, ...]
    returns: bool
    result: str = ""
    parameters: tuple[str, ...] = ()


def site(path: str, text: str, one: Function) -> Site | None:
    """Return the site of a function; None where variants of it can't be written."""
    language = language_of(path)
    read = _READERS.get(language)
    root = parse(language, text) if read is not None else None
    if read is None or root is None:
        return None
    data = text.encode("utf-8", "replace")
    # Offsets are turned into characters and back: a text that is no clean UTF-8 would go astray.
    if data.decode("utf-8", "replace") != text:
        return None
    at = len(text[: one.body].encode())
    node = root.descendant_for_byte_range(max(0, at - 1), at)
    while node is not None and not _holds(node, at):
        node = node.parent
    if node is None or node.has_error:
        return None
    parts = read(node, data)
    if parts is None:
        return None
    body = node.child_by_field_name("body")

    def characters(offset: int) -> int:
        return len(data[:offset].decode())

    left, right = (_doubled(piece) for piece in parts.header)
    return Site(
        characters(node.start_byte),
        characters(body.start_byte + 1),
        characters(body.end_byte - 1),
        left + "{name}" + right if left or right else "",
        parts.dispatcher.decode(),
        f"{parts.before}{{name}}({_doubled(', '.join(parts.arguments).encode())})",
        parts.returns,
        parts.result,
        parts.parameters,
    )


def _holds(node: Any, at: int) -> bool:
    body = node.child_by_field_name("body")
    return body is not None and body.type in _BODIES and body.start_byte < at <= body.end_byte


_BODIES = frozenset({"block", "compound_statement"})


def _doubled(piece: bytes) -> str:
    return piece.decode().replace("{", "{{").replace("}", "}}")


def _java(node: Any, data: bytes) -> _Parts | None:
    if node.type != "method_declaration":
        return None
    name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    start = node.start_byte
    modifiers = next((child for child in node.children if child.type == "modifiers"), None)
    kept = b""
    if modifiers is not None:
        # A variant overrides nothing, and a test framework must not find it.
        kept = b" ".join(child.text for child in modifiers.children if "annotation" not in child.type)
        start = modifiers.end_byte
    names = []
    for parameter in node.child_by_field_name("parameters").named_children:
        if "comment" in parameter.type:
            continue
        holder = parameter
        if parameter.type == "spread_parameter":
            holder = parameter.named_children[-1]
        found = holder.child_by_field_name("name")
        if found is None or parameter.type == "receiver_parameter":
            return None
        names.append(_text(found))
    head = kept + b" " + data[start : name.start_byte]
    tail = data[name.end_byte : body.start_byte + 1]
    returns = _text(node.child_by_field_name("type")) != "void"
    return _Parts((head, tail), data[node.start_byte : body.start_byte + 1], "", tuple(names), returns)


def _go(node: Any, data: bytes) -> _Parts | None:
    if node.type not in {"function_declaration", "method_declaration"}:
        return None
    name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    # Where a parameter is called `_`, the function itself has to call it something.
    renamed: list[tuple[int, int, bytes]] = []
    arguments, before = [], ""
    receiver = node.child_by_field_name("receiver")
    lists = [node.child_by_field_name("parameters")] + ([receiver] if receiver is not None else [])
    for parameters in lists:
        for parameter in parameters.named_children:
            if "parameter" not in parameter.type:
                continue
            names = parameter.children_by_field_name("name")
            if not names:
                return None
            for found in names:
                shown = _text(found)
                if shown == "_":
                    shown = f"patchwright{found.start_byte}"
                    renamed.append((found.start_byte, found.end_byte, shown.encode()))
                if parameters is receiver:
                    before = f"{shown}."
                else:
                    dots = "..." if parameter.type.startswith("variadic") else ""
                    arguments.append(shown + dots)
    dispatcher = _replaced(data, node.start_byte, body.start_byte + 1, renamed)
    header = (data[node.start_byte : name.start_byte], data[name.end_byte : body.start_byte + 1])
    returns = node.child_by_field_name("result") is not None
    return _Parts(header, dispatcher, before, tuple(arguments), returns)


def _rust(node: Any, data: bytes) -> _Parts | None:
    if node.type != "function_item":
        return None
    name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    modifiers = next((_text(child) for child in node.children if child.type == "function_modifiers"), "")
    result = node.child_by_field_name("return_type")
    if modifiers or (result is not None and "impl " in _text(result)):
        return None
    above = node.prev_named_sibling
    while above is not None and (above.type == "attribute_item" or "comment" in above.type):
        if above.type == "attribute_item" and not _text(above).startswith(_HARMLESS):
            return None
        above = above.prev_named_sibling
    around = node.parent.parent if node.parent.type == "declaration_list" else None
    in_impl = around is not None and around.type == "impl_item"
    if around is not None and (around.type == "trait_item" or around.child_by_field_name("trait")):
        # A trait's functions are counted: nothing may stand beside them.
        return None
    before = "Self::" if in_impl else ""
    arguments, renamed = [], []
    for parameter in node.child_by_field_name("parameters").named_children:
        pattern = parameter.child_by_field_name("pattern")
        if parameter.type == "self_parameter" or (pattern is not None and _text(pattern) == "self"):
            before = "self."
        elif parameter.type == "parameter" and pattern is not None:
            shown = _text(pattern)
            if pattern.type != "identifier":
                shown = f"patchwright{pattern.start_byte}"
                renamed.append((pattern.start_byte, pattern.end_byte, shown.encode()))
            arguments.append(shown)
        elif "comment" not in parameter.type:
            return None
    dispatcher = _replaced(data, node.start_byte, body.start_byte + 1, renamed)
    header = (data[node.start_byte : name.start_byte], data[name.end_byte : body.start_byte + 1])
    return _Parts(header, dispatcher, before, tuple(arguments), returns=True)


_HARMLESS = ("#[inline", "#[allow", "#[must_use", "#[doc", "#[track_caller")


def _cpp(node: Any, data: bytes) -> _Parts | None:
    if node.type != "function_definition":
        return None
    kind, body = node.child_by_field_name("type"), node.child_by_field_name("body")
    head = data[node.start_byte : body.start_byte + 1]
    if kind is None or any(word in head.split() for word in (b"constexpr", b"consteval")):
        return None
    result = _text(kind)
    declarator = node.child_by_field_name("declarator")
    qualifiers = [_text(child) for child in node.children if child.type == "type_qualifier"]
    while declarator.type != "function_declarator":
        if declarator.type not in {"pointer_declarator", "reference_declarator"}:
            return None
        result += _text(declarator)[: len(_text(declarator)) - len(_text(declarator).lstrip("*&"))]
        declarator = next((child for child in declarator.named_children if "declarator" in child.type), None)
        if declarator is None:
            return None
    trailing = next((child for child in declarator.children if child.type == "trailing_return_type"), None)
    if trailing is not None:
        result = _text(trailing).removeprefix("->").strip()
    elif "auto" in result:
        result = "" if result == "auto" else result
    parameters = _text(declarator.child_by_field_name("parameters"))
    if "..." in parameters:
        return None
    names = tuple(_identifiers(declarator.child_by_field_name("parameters")))
    shown = " ".join([*qualifiers, result]) if result else ""
    return _Parts((b"", b""), head, "", (), result != "void", shown, names)


def _identifiers(node: Any) -> list[str]:
    if node.type == "identifier":
        return [_text(node)]
    return [name for child in node.named_children for name in _identifiers(child)]


def _replaced(data: bytes, start: int, end: int, others: list[tuple[int, int, bytes]]) -> bytes:
    pieces, at = [], start
    for first, last, other in sorted(others):
        pieces += [data[at:first], other]
        at = last
    return b"".join([*pieces, data[at:end]])


def _text(node: Any) -> str:
    return str(node.text.decode("utf-8", "replace"))


_READERS: Mapping[str, Callable[[Any, bytes], _Parts | None]] = {
    "java": _java, "go": _go, "rust": _rust, "cpp": _cpp,
}  # fmt: skip
