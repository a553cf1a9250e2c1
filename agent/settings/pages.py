"""The settings as text: the result of loading, the commented default file, the reference page."""

import inspect
import json
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from agent.settings.fields import sections
from agent.settings.sources import ENVIRONMENT_PREFIX, Loaded

_TOML_HEAD = """\
# Every setting of Patchwright with its default.
#
# Copy this file, keep the lines that you change and put it where you start Patchwright, or in your user
# folder (`patchwright doctor` names it). Later wins: these defaults, the user file, ./agent.toml, the
# environment (PATCHWRIGHT_MODEL__NAME sets name in [model]), flags. `patchwright config` shows the result.
#
# API keys don't belong here: they are read from the environment, e.g. OPENAI_API_KEY.
"""

_PAGE_HEAD = """\
# Configuration

Every setting has a default. It can be set in the user file, in `agent.toml` of the folder where Patchwright
is started, in the environment and by flags; later ones in this list win. `patchwright config` prints every
setting with its value and where the value came from.

The `agent.toml` of the repository that is being repaired is never read: it is somebody else's text.
API keys are never settings: they are read from the environment under the provider's usual name.

A list is given in the environment as JSON or as words quoted like in a shell.
"""


def render(loaded: Loaded) -> str:
    """Return every setting with its value and its origin, as TOML that could be saved and used."""
    lines: list[str] = []
    for section, values in loaded.settings.model_dump().items():
        rows = [
            (f"{key} = {_toml(value)}", loaded.origins[f"{section}.{key}"]) for key, value in values.items()
        ]
        width = max(len(setting) for setting, _ in rows)
        lines += ["", f"[{section}]", *(f"{setting:<{width}}  # {origin}" for setting, origin in rows)]
    return "\n".join(lines[1:]) + "\n"


def names(loaded: Loaded, key: str) -> bool:
    """Say whether somebody chose the value of a setting: a whole copy of the shipped file chooses nothing."""
    origin = loaded.origins[key]
    if origin == "default":
        return False
    try:
        return Path(origin.removeprefix("user file ")).read_text("utf-8") != default_toml()
    except (OSError, ValueError):
        return True  # it comes from a flag or the environment


def default_toml() -> str:
    """Return the text of the commented `agent.toml` that holds every default."""
    lines = [_TOML_HEAD]
    for section, fields in sections().items():
        lines += [f"# {inspect.getdoc(fields)}", f"[{section}]"]
        for name, field in fields.model_fields.items():
            lines += [f"# {field.description}", f"{name} = {_toml(field.default)}"]
        lines.append("")
    return "\n".join(lines).rstrip("\n") + "\n"


def reference() -> str:
    """Return the text of `docs/configuration.md`."""
    lines = [_PAGE_HEAD]
    for section, fields in sections().items():
        lines += [f"## [{section}]", "", inspect.getdoc(fields) or "", ""]
        lines += ["| key | default | values | what it does |", "| --- | --- | --- | --- |"]
        lines += [
            f"| `{name}` | `{_toml(field.default)}` | {_values(field)} | {field.description} |"
            for name, field in fields.model_fields.items()
        ]
        example = f"{ENVIRONMENT_PREFIX}{section}__{next(iter(fields.model_fields))}".upper()
        lines += ["", f"In the environment: `{example}` and so on.", ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def write(root: Path) -> None:
    """Write `agent.toml` and `docs/configuration.md` under the checkout `root` anew."""
    (root / "agent.toml").write_text(default_toml(), encoding="utf-8")
    (root / "docs" / "configuration.md").write_text(reference(), encoding="utf-8")


def _values(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(field.annotation))
    if get_origin(field.annotation) is tuple:
        return "list of texts"
    kinds: dict[object, str] = {bool: "true, false", int: "whole number", float: "number"}
    return kinds.get(field.annotation, "text")


def _toml(value: Any) -> str:
    """Write a value as TOML, which is as JSON but for floats that are whole."""
    if isinstance(value, float):
        return f"{value:g}" if value == int(value) and value < 1e6 else repr(value)
    # JSON escapes DEL not at all and TOML forbids it raw.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
