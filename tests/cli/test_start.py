"""A command starts without the parts that it does not use: what each start imports, all pay for."""

from __future__ import annotations

import json
import subprocess
import sys

SERVED = {"fastapi", "starlette", "uvicorn", "structlog", "jinja2"}
OTHERS = {"alembic", "authlib", "httpx2", "multiprocessing", "lxml", "pikepdf", "PIL", "pypdfium2", "typst", "z3"}

IMPORTS = """
import gc, json, sys
from gsomia.cli.main import cli
cli.list_commands(None)
assert gc.isenabled()
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_no_command_imports_at_its_start_what_few_use() -> None:
    told = subprocess.run([sys.executable, "-c", IMPORTS], capture_output=True, text=True, check=True).stdout
    assert {*json.loads(told)} & (SERVED | OTHERS) == set()
