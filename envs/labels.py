"""The labels that every container of ours carries, so that leftovers can be told from what is in use.

A container belongs to a process. That process is gone when no process has its id, or when another one has it
by now: told apart by the time it started, which counts from the machine's boot, told apart by the boot's id.
"""

import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

LABEL_RUN = "patchwright.run"
LABEL_OWNER = "patchwright.owner"
LABEL_STARTED = "patchwright.started"
LABEL_NAMESPACE = "patchwright.namespace"
LABEL_BOOT = "patchwright.boot"
LABEL_MACHINE = "patchwright.machine"
LABEL_ROLE = "patchwright.role"

_PROC = Path("/proc")


class _Process(NamedTuple):
    state: str
    started: str
    """Clock ticks from the boot to the start of the process."""


def owner_labels(run_id: str) -> dict[str, str]:
    """Return the labels that tie a container to this process and to the run `run_id`."""
    process = _process(os.getpid())
    return {
        LABEL_RUN: run_id,
        LABEL_OWNER: str(os.getpid()),
        LABEL_STARTED: process.started if process else "",
        LABEL_NAMESPACE: _namespace(),
        LABEL_BOOT: _boot(),
        LABEL_MACHINE: _machine(),
    }


def owner_is_gone(labels: Mapping[str, str]) -> bool:
    """Tell whether the process that the labels name has ended.

    False for labels that are not ours and for an owner that can't be seen from here: one on another machine,
    or in another container, that uses the same engine.
    """
    owner = labels.get(LABEL_OWNER, "")
    if LABEL_RUN not in labels or not owner.isdecimal() or labels.get(LABEL_MACHINE) != _machine():
        return False
    if labels.get(LABEL_BOOT) != _boot():
        return True
    if labels.get(LABEL_NAMESPACE) != _namespace():
        return False
    process = _process(int(owner))
    if process is None:
        return not _exists(int(owner))
    return process.state in {"Z", "X"} or process.started != labels.get(LABEL_STARTED)


def _boot() -> str:
    return (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def _namespace() -> str:
    """Name the set of processes that process ids are counted in."""
    return os.readlink(_PROC / "self/ns/pid")


def _machine() -> str:
    try:
        return Path("/etc/machine-id").read_text(encoding="ascii").strip() or platform.node()
    except OSError:
        return platform.node()


def _process(pid: int) -> _Process | None:
    try:
        stat = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name in parentheses may itself hold spaces and parentheses.
    fields = stat.rpartition(")")[2].split()
    return _Process(state=fields[0], started=fields[19])


def _exists(pid: int) -> bool:
    # Where /proc hides the processes of other users, a signal still tells that they exist.
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
