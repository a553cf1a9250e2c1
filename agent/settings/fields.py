"""Every setting with its default, its bounds and one line on what it does.

From these classes come `agent.toml`, `docs/configuration.md` and the checks of every file, environment
variable and flag. API keys are never settings: a provider's key is read from the environment under the
provider's usual name, so that no file and no trajectory ever holds one.
"""

import json
import shlex
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

Count = Annotated[int, Field(ge=1)]
CountOrZero = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def _words(value: Any) -> Any:
    """Let an environment variable or a flag give a list as JSON or as words quoted like in a shell."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value.lstrip().startswith("[") else shlex.split(value)
    except ValueError:
        return value


class ModelSettings(_Section):
    """Which model decides, and how it is asked."""

    name: Annotated[str, Field(min_length=1)] = "embedded"
    """The model: "embedded", or a litellm name such as "openai/gpt-5-mini" or "hosted_vllm/NAME"."""
    api_base: str = ""
    """Address of the model's server, for servers of your own; empty takes the provider's."""
    format: Literal["auto", "native", "fenced", "json", "staged"] = "auto"
    """How the model writes actions: tool calls, fenced text, JSON, JSON then code, or what suits it."""
    temperature: Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)] = 0.0
    """How freely answers are drawn; 0 always takes the likeliest word."""
    seed: CountOrZero = 0
    """Seed of the first attempt; attempt n uses this plus n - 1."""
    max_tokens: Count = 1024
    """The longest single answer, in tokens."""
    timeout: Seconds = 600
    """Seconds that one call of the model may take."""
    context_window: CountOrZero = 0
    """Tokens of prompt and answer together; 0 asks the server."""
    retry_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 300
    """Seconds to go on trying while the model is overloaded or unreachable; 0 never tries again."""

    @field_validator("api_base")
    @classmethod
    def _is_an_address_without_a_secret(cls, value: str) -> str:
        if not value:
            return value
        address = urlsplit(value)
        if address.username or address.password:
            raise PydanticCustomError("secret", "holds a user name or a password")
        if address.scheme not in {"http", "https"} or not address.hostname:
            raise PydanticCustomError("address", "is not an address like http://127.0.0.1:8000/v1")
        return value


class StrategySettings(_Section):
    """How an attempt goes about a task."""

    name: Literal["react", "react+reflexion", "single", "sample", "sample+select", "repair", "auto"] = (
        "react+reflexion"
    )
    """react, react+reflexion, single, sample, sample+select, repair, or auto, which spends as needed."""
    samples: Annotated[int, Field(ge=1, le=32)] = 4
    """Candidates that one round of sampling asks for at once."""
    rounds: Count = 2
    """Rounds of sampling at most."""
    temperature: Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)] = 0.8
    """How freely candidates of the first round are drawn; each further round is a little freer."""
    traces: Literal["auto", "always", "never"] = "auto"
    """Tell a model the values in a failing function; "auto" spares small models, who don't follow them."""


class SandboxSettings(_Section):
    """Where commands run, and what they may use there."""

    kind: Literal["auto", "docker", "local", "unsafe"] = "auto"
    """"auto" takes docker when an engine answers, else local (bubblewrap or namespaces, isolates less)."""
    image: str = ""
    """The container's image; empty takes Patchwright's own base image."""
    memory: Annotated[str, Field(pattern=r"^[1-9][0-9]*[kmg]$")] = "2g"
    """Memory that all commands together may use, with k, m or g."""
    cpus: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 2.0
    """Processor cores that all commands together may use."""
    pids: Annotated[int, Field(ge=16)] = 256
    """Processes and threads that may exist at the same time."""
    network: bool = False
    """Let commands reach the network."""
    root: bool = False
    """Run commands as root inside the container: less safe, for images that need it."""
    command_timeout: Seconds = 60
    """Seconds until a command is stopped, when it does not ask for more."""
    max_command_timeout: Seconds = 600
    """The most seconds that a command can ask for."""

    @model_validator(mode="after")
    def _timeouts_fit(self) -> Self:
        if self.command_timeout > self.max_command_timeout:
            least, most = self.command_timeout, self.max_command_timeout
            message = f"command_timeout ({least:g}) is above max_command_timeout ({most:g})"
            raise PydanticCustomError("unfit", message)
        return self


class LimitSettings(_Section):
    """When a run stops by itself."""

    steps: Count = 30
    """Steps that one attempt may take."""
    tokens: CountOrZero = 0
    """Tokens that the whole run may use, prompts and answers together; 0 is no limit."""
    cost: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 3.0
    """US dollars that the whole run may cost; 0 is no limit."""
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 3600
    """Seconds that the whole run may take; 0 is no limit."""
    attempts: Count = 3
    """Attempts at the task, each from a clean sandbox."""


class TestSettings(_Section):
    """How a patch is judged."""

    __test__ = False

    command: str = ""
    """Shell command that runs the tests; empty finds the project's own runner."""
    targets: Annotated[tuple[str, ...], BeforeValidator(_words)] = ()
    """Test ids or paths that must pass for the task to be resolved; empty is the whole suite."""
    after_edit: bool = True
    """Run the failing tests after each edit and end the attempt when the suite is green."""
    keep_edits: Literal["auto", "always", "helpful"] = "auto"
    """"helpful" takes back an edit that makes no failing test pass; "auto" does so for small models."""


class RepositorySettings(_Section):
    """What of the repository goes into the sandbox."""

    history: CountOrZero = 1
    """Commits of history that are copied into the sandbox; 0 is all of them."""


class MemorySettings(_Section):
    """What is kept from one attempt to the next, and from one task to the next."""

    reflections: CountOrZero = 3
    """Reflections on failed attempts that the next attempt is told; 0 keeps none."""
    long_term: Literal["off", "on", "auto"] = "off"
    """Keep reflections for later tasks in the repository; "auto" does so but for small models and batches."""
    entries: Count = 50
    """Reflections that long-term memory keeps of one repository."""
    directory: str = ""
    """Folder of long-term memory; empty takes the user's data folder."""


class RunSettings(_Section):
    """Where runs are recorded."""

    directory: Annotated[str, Field(min_length=1)] = "runs"
    """Folder that holds one folder for each run."""


class Settings(_Section):
    """All settings of a run, by section."""

    model: ModelSettings = ModelSettings()
    strategy: StrategySettings = StrategySettings()
    sandbox: SandboxSettings = SandboxSettings()
    limits: LimitSettings = LimitSettings()
    tests: TestSettings = TestSettings()
    repository: RepositorySettings = RepositorySettings()
    memory: MemorySettings = MemorySettings()
    runs: RunSettings = RunSettings()


def sections() -> dict[str, type[BaseModel]]:
    """Return the sections' classes by name, in the order they are shown."""
    found = {}
    for name, field in Settings.model_fields.items():
        assert isinstance(field.annotation, type)
        found[name] = field.annotation
    return found


def keys() -> list[str]:
    """Return the dotted key of every setting, in the order they are shown."""
    return [f"{section}.{name}" for section, fields in sections().items() for name in fields.model_fields]
