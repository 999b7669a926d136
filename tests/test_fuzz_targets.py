"""Where fuzzing goes on for days (.clusterfuzzlite), every target does."""

import re
import subprocess
import sys
from pathlib import Path

from tests.fuzz import targets

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / ".clusterfuzzlite"


def test_targets_are_those_of_the_tests() -> None:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-o", "addopts="]
    done = subprocess.run([*command, "tests/fuzz"], cwd=ROOT, capture_output=True, text=True)
    collected = [line for line in done.stdout.splitlines() if line.startswith("tests/fuzz/")]
    assert len(targets.seeds()) == len(collected) > 20


def test_build_sh_names_every_target_and_each_has_something_to_begin_with() -> None:
    script = (FOLDER / "build.sh").read_text()
    listed = re.search(r'^TARGETS="(.*?)"', script, re.DOTALL | re.MULTILINE)
    assert listed
    seeds = targets.seeds()
    assert listed[1].split() == sorted(seeds)
    assert all(seeds.values())


def test_the_image_has_what_native_code_is_built_with() -> None:
    script = (ROOT / "scripts/require").read_text()
    wanted = set(re.findall(r"^\s+(?:need|want) (lib\S+)", script, re.MULTILINE))
    assert wanted - {"libc6-dev"} <= set((FOLDER / "Dockerfile").read_text().split())
