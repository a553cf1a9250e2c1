"""Which tests ran a file, by the reports of coverage.py that record it (`--cov-context=test`)."""

import contextlib
import json
import sqlite3
from collections.abc import Collection, Iterable
from typing import Any

_STEP, _STEPS = 10_000, 10_000
"""A query ends after their product in instructions: what looks like a table may be a query without end."""

_QUERIES = (
    "SELECT DISTINCT file.path, context.context FROM context "
    "JOIN line_bits ON line_bits.context_id = context.id JOIN file ON file.id = line_bits.file_id",
    "SELECT DISTINCT file.path, context.context FROM context "
    "JOIN arc ON arc.context_id = context.id JOIN file ON file.id = arc.file_id",
)


def read_contexts(report: bytes, database: bytes, changed: Collection[str]) -> list[str]:
    """Return the ids of tests that ran any line of the changed files.

    Args:
        report: `coverage.json`, or nothing.
        database: `.coverage`, a SQLite database, or nothing.
        changed: Paths relative to the repository.
    """
    found: dict[str, None] = {}
    for context in [*_of_report(report, changed), *_of_database(database, changed)]:
        # pytest-cov says in which phase a test was.
        test = context.partition("|")[0]
        if test:
            found[test] = None
    return list(found)


def _of_report(data: bytes, changed: Collection[str]) -> Iterable[str]:
    try:
        files = json.loads(data).get("files", {})
    except (ValueError, AttributeError, RecursionError):
        return
    for path, file in files.items() if isinstance(files, dict) else ():
        contexts: Any = file.get("contexts") if isinstance(file, dict) else None
        if isinstance(contexts, dict) and _is_changed(path, changed):
            for names in contexts.values():
                yield from (
                    (name for name in names if isinstance(name, str)) if isinstance(names, list) else ()
                )


def _of_database(data: bytes, changed: Collection[str]) -> Iterable[str]:
    if not data.startswith(b"SQLite format 3\0"):
        return
    steps = iter([0] * _STEPS)
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        try:
            database.deserialize(data)
            # The file is the sandbox's: a view or trigger in it shall call nothing.
            database.execute("PRAGMA trusted_schema=OFF")
            database.set_progress_handler(lambda: next(steps, 1), _STEP)
            for query in _QUERIES:
                for path, context in database.execute(query):
                    if isinstance(path, str) and isinstance(context, str) and _is_changed(path, changed):
                        yield context
        except (sqlite3.Error, UnicodeError, OverflowError):
            return


def _is_changed(path: str, changed: Collection[str]) -> bool:
    return any(path == one or path.endswith("/" + one) for one in changed)
