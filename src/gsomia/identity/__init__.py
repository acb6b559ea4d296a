"""Who may do what at this node: persons of the Party, their roles, and the table of rights (default deny).

What the Parties check of one another is not here: which officer must sign which act stands in `node`, and every peer
verifies it. This is the house's own rule: who may see, open, export and run what. `rights.toml` is the table.
"""

from __future__ import annotations

from gsomia.identity.abouts import about_absent, about_copy, about_request
from gsomia.identity.asking import told_right
from gsomia.identity.conditions import CONDITIONS, About
from gsomia.identity.page import rights_page
from gsomia.identity.principals import ROLES, Principal, principal_of
from gsomia.identity.rights import Act, Decision, Ground, Right, Rights

__all__ = [
    "CONDITIONS",
    "ROLES",
    "About",
    "Act",
    "Decision",
    "Ground",
    "Principal",
    "Right",
    "Rights",
    "about_absent",
    "about_copy",
    "about_request",
    "principal_of",
    "rights_page",
    "told_right",
]
