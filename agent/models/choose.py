"""Turns the name that a user gives into the model that it means."""

import os
from collections.abc import Callable
from pathlib import Path

from agent.models.base import Model
from trajectories.errors import UsageError

_DEFAULT_VLLM = "http://127.0.0.1:8000/v1"
_PREFIXES = ("hosted_vllm/", "openai/", "vllm/", "openai_like/", "litellm_proxy/")
"""What users write before a model's name to say that its endpoint speaks OpenAI's protocol."""


def choose(
    name: str,
    *,
    api_base: str | None = None,
    api_key: str | None = None,
    timeout: float | None = None,
    context: int = 16384,
    slots: int = 1,
    runs: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Model:
    """Return the model that a name means; nothing is started or reached before `open`.

    Args:
        name: "embedded", "embedded:0.5b", a path ending in .gguf, "scripted:FILE", "replay:RUN", or a
            model as litellm names it, "hosted_vllm/..." for a vLLM server among them.
        api_base: Where an OpenAI-compatible endpoint serves the model.
        api_key: The endpoint's or the provider's key; by default from the provider's environment variable.
        timeout: Seconds for one whole call; by default what suits the model.
        context: Tokens of prompt and answer that the embedded server has room for, in each slot.
        slots: Calls that the embedded server answers at the same time.
        runs: The folder where "replay:RUN" finds a run by its id.
        progress: Told (bytes done, bytes in all) while an embedded model is fetched.

    Raises:
        UsageError: The name means nothing, or a file that it names is missing.
    """
    # Imported where they are chosen: a replay needs no HTTP client, and nobody else needs litellm.
    if not name.strip():
        raise UsageError("The model's name is empty; name one, e.g. embedded or openai/gpt-5-mini.")
    kind, _, rest = name.partition(":")
    seconds = timeout or 600.0
    if kind == "scripted" and rest:
        from agent.models.scripted import ScriptedModel  # noqa: PLC0415

        return ScriptedModel.from_file(Path(rest).expanduser(), name=name)
    if kind == "replay" and rest:
        from agent.models.replayed import ReplayedModel  # noqa: PLC0415

        path = Path(rest).expanduser()
        if runs is not None and not path.exists():
            path = runs / rest
        return ReplayedModel.from_file(path, name=name)
    if api_base is None and (kind == "embedded" or name.endswith(".gguf")):
        from agent.models.embedded import EmbeddedModel  # noqa: PLC0415

        return EmbeddedModel(name, context=context, slots=slots, timeout=timeout or 1800.0, progress=progress)
    if api_base is not None or name.startswith("hosted_vllm/"):
        from agent.models.http import HttpModel  # noqa: PLC0415

        local = name.startswith("hosted_vllm/")
        base = api_base or os.environ.get("HOSTED_VLLM_API_BASE") or _DEFAULT_VLLM
        key = api_key or (os.environ.get("HOSTED_VLLM_API_KEY") if local else None)
        model = next((name.removeprefix(prefix) for prefix in _PREFIXES if name.startswith(prefix)), name)
        return HttpModel(name, base, model=model, api_key=key, timeout=seconds, free=local)
    from agent.models.litellm import LitellmModel  # noqa: PLC0415

    return LitellmModel(name, api_key=api_key, timeout=seconds)
