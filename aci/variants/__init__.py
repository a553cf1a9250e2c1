"""Trying many texts of one file of a compiled language quickly, by mutant schemata.

Texts that differ inside one function become variants of it in one program, which is built once and run with
the variant's number in its environment (Untch, Offutt, Harrold: "Mutation analysis using mutant schemata",
ISSTA 1993). Calls that are appended to the program say how each variant behaves.
"""

from aci.variants.trying import Unusual, try_variants

__all__ = ["Unusual", "try_variants"]
