"""Test runners: one module each, found out by what lies in the repository."""

from collections.abc import Mapping

from aci.runners import cargo, command, ctest, django, go, jvm, node, pytest, unittest
from aci.runners.base import Runner
from aci.runners.detection import detect

RUNNERS: Mapping[str, Runner] = {
    "pytest": pytest.run,
    "unittest": unittest.run,
    "django": django.run,
    "tox": command.run_tox,
    "nox": command.run_nox,
    "go": go.run,
    "cargo": cargo.run,
    "npm": node.run,
    "maven": jvm.run_maven,
    "gradle": jvm.run_gradle,
    "ctest": ctest.run,
    "make": command.run_make,
    "script": command.run_script,
}

__all__ = ["RUNNERS", "detect"]
