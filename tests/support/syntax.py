"""The syntax trees of Python files."""

import ast
import gc
from functools import cache
from pathlib import Path


@cache
def syntax_of(path: Path) -> ast.Module:
    """What a file says. No garbage is collected meanwhile: where a finalizer parses, too (so does
    every traceback), CPython 3.11 takes its depth for ours and raises SystemError (gh-106905).
    """
    collected = gc.isenabled()
    gc.disable()
    try:
        return ast.parse(path.read_text(), str(path))
    finally:
        if collected:
            gc.enable()
