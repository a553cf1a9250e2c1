"""The programs that decide: for each language, the candidate's file and the sealed tests put together."""

from collections.abc import Callable, Mapping

from envs.humanevalfix.instance import Sealed
from envs.humanevalfix.languages import LanguageName
from envs.humanevalfix.programs import cpp, go, java, javascript, python, rust
from envs.humanevalfix.programs.base import Program, Secret

ASSEMBLE: Mapping[LanguageName, Callable[[str, Sealed, Secret], Program]] = {
    "python": python.assemble,
    "js": javascript.assemble,
    "java": java.assemble,
    "go": go.assemble,
    "cpp": cpp.assemble,
    "rust": rust.assemble,
}

__all__ = ["ASSEMBLE", "Program", "Secret"]
