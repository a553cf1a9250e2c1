"""The ways to ask a model for an action and to read its answer, all from the same command classes."""

from collections.abc import Mapping
from types import MappingProxyType

from aci.formats.base import Action, Format, Pending
from aci.formats.constrained import ConstrainedJson
from aci.formats.fenced import FencedText
from aci.formats.malformed import Malformed
from aci.formats.native import NativeTools
from aci.formats.staged import StagedJson

FORMATS: Mapping[str, Format] = MappingProxyType(
    {"native": NativeTools(), "fenced": FencedText(), "json": ConstrainedJson(), "staged": StagedJson()}
)
"""Every format by its name."""

__all__ = ["FORMATS", "Action", "Format", "Malformed", "Pending"]
