"""`python -m agent` is `patchwright`."""

from agent.cli import main

main()
