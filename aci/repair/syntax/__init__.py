"""Single edits of languages that have braces, found by their tree-sitter trees."""

from aci.repair.syntax.candidates import candidates, edits_of

__all__ = ["candidates", "edits_of"]
