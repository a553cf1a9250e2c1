"""The command line."""

import argparse
import sys
from pathlib import Path

from worklog import __version__
from worklog.entries import parse
from worklog.report import group, render, select


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="worklog", description="Reports on working hours.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    report = commands.add_parser("report", help="add hours up")
    report.add_argument("file", type=Path)
    report.add_argument("--week", help="only this ISO week, such as 2024-W10")
    report.add_argument("--project", help="only this project")
    report.add_argument("--by", choices=["project", "day"], default="project")
    report.add_argument("--decimal", action="store_true", help="hours with decimals instead of minutes")
    return parser


def main(arguments: list[str] | None = None) -> int:
    options = build_parser().parse_args(arguments)
    try:
        entries = parse(options.file.read_text(encoding="utf-8"))
        chosen = select(entries, options.week, options.project)
    except (OSError, ValueError) as error:
        print(f"worklog: {error}", file=sys.stderr)
        return 2
    print(render(group(chosen, options.by), options.by.capitalize(), options.decimal))
    return 0
