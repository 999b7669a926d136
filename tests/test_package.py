"""What a wheel carries, beside the modules: the browser's files and the types; what it needs."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

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


def test_the_lock_agrees_with_pyproject() -> None:
    """`make lock` brings it about."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = {
        canonicalize_name(each.name): each for each in map(Requirement, project["dependencies"])
    }
    locked = dict(lock_entries())
    assert {name for name, (_, _, why) in locked.items() if "fastsfu" in why} == needed.keys()
    for name, requirement in needed.items():
        assert requirement.specifier.contains(locked[name][0]), name
    for name, (_, hashes, _) in locked.items():
        assert hashes, f"{name} has no hash"


def lock_entries() -> list[tuple[str, tuple[str, list[str], str]]]:
    """(name, (version, hashes, by what it is needed)) of each line that pins something."""
    text = (ROOT / "requirements.lock").read_text()
    entries = re.split(r"^(?=\w)", text, flags=re.MULTILINE)[1:]
    return [(each.partition("==")[0], entry_of(each)) for each in entries]


def entry_of(text: str) -> tuple[str, list[str], str]:
    pin, _, why = text.partition("# via")
    return pin.split()[0].partition("==")[2], re.findall(r"--hash=sha256:\w{64}", pin), why
