"""What a wheel carries: the browser's files and the types, beside the modules."""

import subprocess
import sys
from pathlib import Path

import fastsfu

ROOT = Path(__file__).resolve().parent.parent
LIST = """
from setuptools.dist import Distribution
distribution = Distribution()
distribution.parse_config_files()
command = distribution.get_command_obj("build_py")
command.ensure_finalized()
for _, folder, _, names in command.data_files:
    for name in names:
        print(f"{folder}/{name}")
"""


def test_wheel_carries_what_is_served() -> None:
    listed = subprocess.run(
        [sys.executable, "-c", LIST], cwd=ROOT, capture_output=True, text=True, check=True
    )
    carried = {line.replace("//", "/") for line in listed.stdout.splitlines()}
    package = ROOT / "fastsfu"
    wanted = {path for path in (package / "web").rglob("*") if path.is_file()}
    wanted |= {*package.rglob("*.pyi"), package / "py.typed"}
    assert wanted
    missing = {str(path.relative_to(ROOT)) for path in wanted} - {
        str(Path(line)) for line in carried
    }
    assert missing == set()


def test_every_public_name_is_there() -> None:
    for name in fastsfu.__all__:
        assert getattr(fastsfu, name) is not None, name
