"""Go refuses an import that nothing uses, which beside other variants goes unseen."""

from typing import Any

from aci.grammars import language_of, parse


def left_unused(path: str, original: str, text: str) -> str:
    """Return what the compiler would say of an import that the original uses and a text does not, or ""."""
    if language_of(path) != "go" or text == original:
        return ""
    used, left = _packages(original), _packages(text)
    return next(
        (f"{name!r} imported and not used" for name in sorted(used - left) if name in _imported(text)), ""
    )


def _packages(text: str) -> set[str]:
    """Return what a text names before a dot."""
    pending, found = [parse("go", text)], set()
    while pending:
        node: Any = pending.pop()
        if node is None:
            continue
        if node.type in {"selector_expression", "qualified_type"}:
            first = node.named_children[0]
            found.add(first.text.decode("utf-8", "replace"))
        pending.extend(node.named_children)
    return found


def _imported(text: str) -> set[str]:
    """Return the names of the packages that a text imports."""
    pending, found = [parse("go", text)], set()
    while pending:
        node: Any = pending.pop()
        if node is None:
            continue
        if node.type == "import_spec":
            alias, path = node.child_by_field_name("name"), node.child_by_field_name("path")
            shown = path.text.decode("utf-8", "replace").strip('"`').rpartition("/")[2]
            found.add(alias.text.decode("utf-8", "replace") if alias is not None else shown)
        elif node.type in {"source_file", "import_declaration", "import_spec_list"}:
            pending.extend(node.named_children)
    return found
