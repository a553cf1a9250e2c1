"""`python -m agent.settings` writes `agent.toml` and `docs/configuration.md` anew from the settings."""

from pathlib import Path

from agent.settings.pages import write

write(Path(__file__).parents[2])
