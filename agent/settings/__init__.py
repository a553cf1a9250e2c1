"""The settings: what they are, where they come from, and how they are shown."""

from agent.settings.fields import (
    LimitSettings,
    MemorySettings,
    ModelSettings,
    RepositorySettings,
    RunSettings,
    SandboxSettings,
    Settings,
    TestSettings,
)
from agent.settings.pages import default_toml, names, reference, render
from agent.settings.sources import Loaded, load, user_file

__all__ = [
    "LimitSettings",
    "Loaded",
    "MemorySettings",
    "ModelSettings",
    "RepositorySettings",
    "RunSettings",
    "SandboxSettings",
    "Settings",
    "TestSettings",
    "default_toml",
    "load",
    "names",
    "reference",
    "render",
    "user_file",
]
