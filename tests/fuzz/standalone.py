"""One target as a program of libFuzzer's: `python fuzz_NAME.py [OPTION...] [FOLDER...]`.

`.clusterfuzzlite/build.sh` gives a copy of this file the target's name.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

os.environ["FASTSFU_FUZZ_COVERAGE"] = "1"  # before what it guides is imported

from tests.fuzz import coverage, targets

NAME = Path(__file__).stem.removeprefix("fuzz_")


def run(name: str, target: coverage.Target, _: Sequence[bytes], largest: int) -> None:
    if name == NAME:
        coverage.begin([sys.argv[0], f"-max_len={largest}", *sys.argv[1:]], target)


if __name__ == "__main__":
    coverage.runner = run
    for test in targets.all_tests():
        test()
    raise SystemExit(f"there is no target {NAME}")
