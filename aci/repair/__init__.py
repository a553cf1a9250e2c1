"""Repairs found without a model: small edits at suspicious places, verified by execution."""

from aci.repair.proposals import Proposal, proposals
from aci.repair.search import Found, Repair, find_repairs, search

__all__ = ["Found", "Proposal", "Repair", "find_repairs", "proposals", "search"]
