"""The table of rights as a page of the documentation: written from the table, so that the two never differ."""

from __future__ import annotations

from gsomia.identity.principals import ROLES
from gsomia.identity.rights import Act, Rights

__all__ = ["rights_page"]

_HEAD = """# Rights

Written from `src/gsomia/identity/rights.toml`, which is the table; a test compares the two. **What no row permits is
refused.**

Two questions are asked of one who acts, and both must say yes:

- *May this role do this here?* That is the house's own rule: this table. No peer knows it.
- *Does the act bear the signatures that its type needs?* That is a rule between the Parties: [Acts](acts.md) says
  whose, the node checks it by signature, and every peer that is told checks it too ([decision
  0021](../adr/0021-what-peers-verify-and-what-is-house-rule.md)).

And whoever may ask to open an item gets it only by the agreement's verdict: office, clearance, need and roster.

`step-up` beside a command says that over the API the act takes an officer who [authenticated a short while
ago](api.md): a sign-in that lies further back does not do.

In the table, a word beside a role is a condition that must hold too; `-` is no right. `folder` says plainly what the
table cannot hold: on the node's own host the command asks for no officer, because whoever can read the node's folder
has the register anyway; the operating system guards the folder. Over the API the table applies to everything.
Contents are another matter: with file keys the host's administrator could reach them with tools of their own, and no
row of this table stops that; keys in an HSM and officers' own keys do.

| condition | it holds where |
|---|---|
| `for-oneself` | the person whom it is for is the one who acts |
| `for-another` | the person whom it is about is another than the one who acts: nobody enters their own clearance |
| `not-the-asker` | the one who acts did not ask for it: nobody approves their own request |
| `two-persons` | another person signs too; two keys or two roles of one person are one person |
| `cleared` | the clearance reaches the item's level and has not expired |
| `need` | the duties require the item's subject, or this item by name; or not, where that is entered |
| `on-roster` | the person stands on the roster of the facility that holds it |
"""

_KINDS = {
    "sign": (
        "What officers sign",
        "The roles are those whose signature the act needs; the conditions are the house's.",
    ),
    "contents": ("Contents", "Nobody has contents by running, auditing or securing the node."),
    "read": ("What is read", "The auditor reads all of it, and no contents."),
    "run": ("What runs the node", ""),
}


def rights_page(rights: Rights) -> str:
    """The page, in Markdown.

    Args:
        rights: the table.
    """
    parts = [_HEAD]
    columns = " | ".join(ROLES)
    for kind, (title, says) in _KINDS.items():
        parts.append(f"\n## {title}\n\n" + (f"{says}\n\n" if says else ""))
        parts.append(f"| act | does | {columns} | commands |\n|---|---|{'---|' * (len(ROLES) + 1)}\n")
        parts.extend(_row(act) for act in rights.acts.values() if act.kind == kind)
    tools = ", ".join(f"`{command}`" for command in rights.tools)
    parts.append(f"\n## Commands of which no right is asked\n\nThey touch no node: {tools}.\n")
    return "".join(parts)


def _row(act: Act) -> str:
    may = {
        right.role: "yes" if not right.when else ", ".join(f"`{name}`" for name in right.when) for right in act.rights
    }
    cells = [may.get(role, "-") for role in ROLES]
    commands = ", ".join(f"`{command}`" for command in act.commands) or "the API alone"
    folder = ("; `step-up`" if act.step_up else "") + ("; `folder`" if act.by_folder else "")
    return f"| `{act.name}` | {act.does} | {' | '.join(cells)} | {commands}{folder} |\n"
