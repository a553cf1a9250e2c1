"""Runs inside the sandbox: many texts of one file, each against the visible tests.

A package of its own that goes there as one archive, and keeps to what Python 3.7 knows, since the project's
Python runs it. Called as `python ARCHIVE JOB OUT`, where JOB is JSON (see `aci/trials.py`); it writes to
OUT, as they come, one JSON line per text. A text is never written to the work tree: the import system is
given it in place of the file.
"""
