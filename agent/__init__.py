"""Who decides: the loop, models, configuration and the command line."""
