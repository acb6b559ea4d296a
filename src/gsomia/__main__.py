"""`python -m gsomia` is `gsomia`."""

from __future__ import annotations

from gsomia.cli import main

if __name__ == "__main__":
    main()
