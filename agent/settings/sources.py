"""Where settings come from: defaults < user file < ./agent.toml < environment < flags."""

import difflib
import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, get_args, get_origin

import platformdirs
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict

from agent.settings.fields import Settings, keys, sections
from trajectories.errors import UsageError

FILE_NAME = "agent.toml"
ENVIRONMENT_PREFIX = "PATCHWRIGHT_"
OTHER_VARIABLES = frozenset({"PATCHWRIGHT_CACHE", "PATCHWRIGHT_TEST_REQUIRE"})
"""Variables with our prefix that are not settings: the folder for weights, what tests may not skip."""

_DOCS_HINT = "`patchwright config` lists every setting"
_SECRETS = ("api_key", "apikey", "key", "secret", "password")


class Loaded(NamedTuple):
    """Settings and where each came from.

    Attributes:
        settings: The settings themselves.
        origins: For each dotted key: "default", "user file PATH", "PATH", "environment NAME" or "flag".
        notices: Sentences that the user should see, e.g. that a file was not read.
    """

    settings: Settings
    origins: Mapping[str, str]
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Layer:
    """One source's values by dotted key, and how its origin is told."""

    values: dict[str, Any]
    origin: str
    named: str
    """Format of a key's name in this source, e.g. "{key} in ./agent.toml"."""

    def origin_of(self, key: str) -> str:
        return self.origin.format(variable=_variable(key))

    def name_of(self, key: str) -> str:
        return self.named.format(key=key, variable=_variable(key))


class _Sourced(BaseSettings, Settings):
    """The settings as pydantic-settings sees them; `Settings` itself stays plain data that reads nothing."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX,
        env_nested_delimiter="__",
        enable_decoding=False,
        frozen=True,
        extra="forbid",
    )


def user_file() -> Path:
    """Return the path of the user's own settings file, whether or not it exists."""
    return Path(platformdirs.user_config_dir("patchwright")) / FILE_NAME


def load(
    flags: Mapping[str, Any] = MappingProxyType({}),
    *,
    cwd: Path | None = None,
    target: Path | None = None,
) -> Loaded:
    """Load the settings from all sources.

    Args:
        flags: Values by dotted key, e.g. {"model.name": "embedded"}; None stands for a flag not given.
        cwd: The folder whose `agent.toml` is read; None is the current one.
        target: The local repository that is to be repaired. An `agent.toml` that belongs to it is not read:
            it could come from anybody, and name a server that is then sent the user's key.

    Raises:
        UsageError: A file can't be read, a key is unknown, a value does not fit.
    """
    notices: list[str] = []
    layers: list[_Layer] = []
    layers.append(_read_file(user_file(), "user file {path}"))
    here = (cwd or Path.cwd()) / FILE_NAME
    if target is not None and here.exists() and _belongs_to(here, target):
        notices.append(
            f"{here} is not read because it is part of the repository to repair; "
            f"move what you need to {user_file()} or start Patchwright from another folder."
        )
    else:
        layers.append(_read_file(here, "{path}"))
    layers.append(_read_environment())
    layers.append(_read_flags(flags))

    origins = {key: _origin(key, layers) for key in keys()}
    merged: dict[str, dict[str, Any]] = {}
    for layer in layers:
        for key, value in layer.values.items():
            section, _, name = key.partition(".")
            merged.setdefault(section, {})[name] = value
    try:
        settings = Settings.model_validate(merged)
    except ValidationError as error:
        raise UsageError(_explain(error.errors()[0], layers)) from None
    _refuse_untyped_unsafe(settings, layers)
    return Loaded(settings, MappingProxyType(origins), tuple(notices))


def _read_file(path: Path, origin: str) -> _Layer:
    shown = _literal(str(path))
    layer = _Layer({}, origin.format(path=shown), "{key} in " + shown)
    try:
        text = path.read_bytes().decode("utf-8")
        data = tomllib.loads(text)
    except FileNotFoundError:
        return layer
    except tomllib.TOMLDecodeError as error:
        reason = str(error).replace("at end of document", f"at the end, line {text.count(chr(10)) + 1}")
        reason = reason[:1].lower() + reason[1:]
        raise UsageError(f"{path} is not valid TOML: {reason}; mend that line.") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text (byte {error.start}); save it as UTF-8.") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"{path} can't be read ({reason}); mend its permissions or move it away.") from None
    layer.values.update(_flatten(data, layer))
    return layer


def _flatten(data: Mapping[str, Any], layer: _Layer) -> Iterator[tuple[str, Any]]:
    known = sections()
    for section, values in data.items():
        if section not in known:
            raise UsageError(_unknown(section, layer, is_section=True))
        if not isinstance(values, dict):
            raise UsageError(f"{layer.name_of(section)} must be a section; write it as [{section}].")
        for name, value in values.items():
            if name not in known[section].model_fields:
                raise UsageError(_unknown(f"{section}.{name}", layer))
            yield f"{section}.{name}", value


def _read_environment() -> _Layer:
    layer = _Layer({}, "environment {variable}", "{variable} in the environment")
    known = {_variable(key): key for key in keys()}
    for name in os.environ:
        if not name.upper().startswith(ENVIRONMENT_PREFIX) or name.upper() in OTHER_VARIABLES:
            continue
        if name.upper() not in known:
            raise UsageError(_unknown_variable(name, list(known)))
    for section, values in EnvSettingsSource(_Sourced)().items():
        layer.values.update({f"{section}.{name}": value for name, value in values.items()})
    return layer


def _read_flags(flags: Mapping[str, Any]) -> _Layer:
    layer = _Layer({}, "flag", "{key} given by a flag")
    for key, value in flags.items():
        if key not in keys():
            raise UsageError(_unknown(key, layer))
        if value is not None:
            layer.values[key] = value
    return layer


def _refuse_untyped_unsafe(settings: Settings, layers: list[_Layer]) -> None:
    """Running commands without any isolation must be typed each time, never left lying in a file."""
    if settings.sandbox.kind != "unsafe" or "sandbox.kind" in layers[-1].values:
        return
    name = _last("sandbox.kind", layers).name_of("sandbox.kind")
    raise UsageError(f'{name} may not be "unsafe"; type --sandbox unsafe for the run that needs it.')


def _belongs_to(path: Path, target: Path) -> bool:
    target = target.resolve()
    top = next((folder for folder in (target, *target.parents) if (folder / ".git").exists()), target)
    return path.resolve().is_relative_to(top) or path.parent.resolve().is_relative_to(top)


def _origin(key: str, layers: list[_Layer]) -> str:
    return next((layer.origin_of(key) for layer in reversed(layers) if key in layer.values), "default")


def _last(key: str, layers: list[_Layer]) -> _Layer:
    return next(layer for layer in reversed(layers) if key in layer.values)


def _variable(key: str) -> str:
    return ENVIRONMENT_PREFIX + key.replace(".", "__").upper()


def _literal(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _unknown(key: str, layer: _Layer, *, is_section: bool = False) -> str:
    named = layer.name_of(_literal_key(key))
    if key.rpartition(".")[2].lower() in _SECRETS:
        return f"{named} is not a setting: keys are read from the environment only, e.g. OPENAI_API_KEY."
    near = _nearest(key, [*sections(), *keys()] if is_section else keys())
    if near is None:
        return f"{named} is not a setting; remove it ({_DOCS_HINT})."
    return f"{named} is not a setting; the nearest one is {near}."


def _literal_key(key: str) -> str:
    # A key from a file may hold anything, line breaks and escape sequences included.
    return key if key.isprintable() else json.dumps(key)


def _unknown_variable(name: str, known: list[str]) -> str:
    if name.lower().endswith(_SECRETS):
        return f"{name} is not a setting: an API key keeps its provider's name, e.g. OPENAI_API_KEY."
    of_section = [near for near in known if near.startswith(f"{name.upper()}__")]
    nearest = next(iter(of_section), None) or _nearest(name.upper(), known)
    advice = f"the nearest one is {nearest}" if nearest else f"unset it ({_DOCS_HINT})"
    return f"{name} in the environment is not a setting; {advice}."


def _nearest(text: str, known: list[str]) -> str | None:
    """Return the known name that was probably meant: the same key elsewhere, or one spelled like it."""
    same = [name for name in known if name.rpartition(".")[2] == text.rpartition(".")[2]]
    return next(iter(same or difflib.get_close_matches(text, known, n=1, cutoff=0.6)), None)


def _explain(error: ErrorDetails, layers: list[_Layer]) -> str:
    """Say in one sentence which value of which source does not fit, and what would."""
    location = [str(part) for part in error["loc"]]
    if len(location) < 2:
        section = location[0]
        setter = next(
            layer for layer in reversed(layers) if any(k.startswith(f"{section}.") for k in layer.values)
        )
        key = next(key for key in setter.values if key.startswith(f"{section}."))
        where = setter.name_of(key)
        return f"The settings of [{section}] don't fit together: {error['msg']}; change {where}."
    key = ".".join(location[:2])
    name = _last(key, layers).name_of(key)
    if error["type"] == "secret":
        return f"{name} {error['msg']}; keep secrets in the environment, e.g. OPENAI_API_KEY."
    given = json.dumps(error["input"], default=str, ensure_ascii=True)
    return f"{name} is {given}, but must be {_wanted(key, error)}."


def _wanted(key: str, error: ErrorDetails) -> str:
    section, _, name = key.partition(".")
    field = sections()[section].model_fields[name]
    limits = error.get("ctx", {})
    if error["type"] == "address":
        return "an address like http://127.0.0.1:8000/v1"
    if get_origin(field.annotation) is Literal:
        return "one of " + ", ".join(get_args(field.annotation))
    if key == "sandbox.memory":
        return 'text such as "512m" or "2g"'
    bounds = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
    bound = next((f"{words} {limits[kind]:g}" for kind, words in bounds.items() if kind in limits), None)
    kind = _kind(sections()[section], name)
    return f"{kind} {bound}" if bound else f"{kind}, e.g. {name} = {_example(field.default)}"


def _kind(fields: type[BaseModel], name: str) -> str:
    annotation: object = fields.model_fields[name].annotation
    if get_origin(annotation) is tuple:
        return "a list of texts"
    kinds: dict[object, str] = {bool: "true or false", int: "a whole number", float: "a number"}
    return kinds.get(annotation, "text")


def _example(default: Any) -> str:
    if default in {"", ()}:
        return '"..."' if default == "" else '["tests/test_a.py"]'
    return json.dumps(default)
