"""The command line: prints, exits, decides nothing.

`main` says which module holds which command; a command's module stands here, beside what they share (`options`,
`streams`, `instants`, `pages`, `grounds`, `exercise`, `on_host`, `officerkeys`), and those of one subject in a
package: `law`, `logs`, `consultations`, `marking`. How a command works at a node's address stands in `address`, and
what it checks before an officer signs there in `meaning`.
"""

from __future__ import annotations

from gsomia.cli.main import main

__all__ = ["main"]
