"""Where it happens: sandboxes, repositories and tasks. Knows the outside world, not the agent."""
