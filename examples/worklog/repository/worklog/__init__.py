"""Reports on working hours kept in a plain text file."""

__version__ = "1.2.0"
