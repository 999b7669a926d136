"""The house rules that a machine can check (CONTRIBUTING.md): sizes, leftovers, lint and types."""

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.syntax import syntax_of

ROOT = Path(__file__).resolve().parent.parent
DOCS = sorted((ROOT / "docs").glob("*.md"))
FOLDERS = ("_native", "fastsfu", "tests", "benchmarks", "examples")
MOST_LINES = {".py": 330, ".pyx": 400, ".pxd": 150, ".js": 500, ".mjs": 500}
DOCUMENTS = ["CONTRIBUTING.md", "_native/README.md", *(f"docs/{p.name}" for p in DOCS)]
LARGEST_LAYER = 3200
WIDEST = 100
LONGEST_FUNCTION = 50
DEEPEST = 3
LEFTOVERS = re.compile(r"\b(?:TOD[O]|FIXM[E]|XX[X])\b")
NATIVE_FUNCTION = re.compile(r"^( *)(?:cdef|cpdef|def|async def)\b[^=]*\(.*$")
SIGNATURE = re.compile(
    r"^cdef (?!enum|struct|extern|class|packed)[^=\n(]*\((?:[^()]|\([^()]*\))*\)[^\n]*", re.M
)
RETURNS_OBJECT = re.compile(r"cdef (?:inline )?(?:(?:object|bytes|str|dict|list|tuple)\b|\w+\()")
BLOCKS = (ast.For, ast.AsyncFor, ast.While, ast.If, ast.Try, ast.Match)


def sources(*suffixes: str) -> list[Path]:
    files = [ROOT / "setup.py", *(p for f in FOLDERS for p in (ROOT / f).rglob("*"))]
    return sorted(p for p in files if p.suffix in suffixes and p.is_file())


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def nesting(node: ast.AST, depth: int = 0) -> int:
    """How many blocks enclose the innermost statement; `elif` goes no deeper than its `if`."""
    deepest = depth
    for field in ("body", "handlers", "orelse", "finalbody", "cases"):
        children = getattr(node, field, [])
        chained = field == "orelse" and len(children) == 1 and isinstance(children[0], ast.If)
        for child in children:
            deeper = isinstance(child, BLOCKS) and not (chained and isinstance(node, ast.If))
            deepest = max(deepest, nesting(child, depth + deeper))
    return deepest


def native_functions(text: str) -> Iterator[tuple[int, int]]:
    """(first line, lines) of each function in Cython or C-like indented source."""
    lines = text.splitlines()
    for first, line in enumerate(lines):
        match = NATIVE_FUNCTION.match(line)
        if not match:
            continue
        indent = len(match[1])
        last = first
        for number in range(first + 1, len(lines)):
            body = lines[number]
            if body.strip() and len(body) - len(body.lstrip()) <= indent and body.strip()[0] != ")":
                break
            last = number if body.strip() else last
        yield first + 1, last - first + 1


@pytest.mark.parametrize("path", sources(*MOST_LINES), ids=named)
def test_sizes(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert len(lines) <= MOST_LINES[path.suffix]
    for number, line in enumerate(lines, 1):
        assert len(line) <= WIDEST, f"{named(path)}:{number} has {len(line)} columns"
        assert not LEFTOVERS.search(line), f"{named(path)}:{number}: {line.strip()}"


@pytest.mark.parametrize("layer", sorted(ROOT.glob("_native/*/")), ids=named)
def test_native_layers_have_room(layer: Path) -> None:
    lines = sum(len(path.read_text().splitlines()) for path in layer.glob("*.p[yx][xd]"))
    assert 0 < lines < LARGEST_LAYER


@pytest.mark.parametrize("path", sources(".py"), ids=named)
def test_python_functions(path: Path) -> None:
    for node in ast.walk(syntax_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            where = f"{named(path)}:{node.lineno} {node.name}"
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno < LONGEST_FUNCTION, f"{where} is too long"
            assert nesting(node) <= DEEPEST, f"{where} is nested too deeply"


@pytest.mark.parametrize("path", sources(".pyx"), ids=named)
def test_native_functions(path: Path) -> None:
    for number, length in native_functions(path.read_text()):
        assert length <= LONGEST_FUNCTION, f"{named(path)}:{number} has {length} lines"


@pytest.mark.parametrize("path", sources(".pyx", ".pxd"), ids=named)
def test_native_signatures_state_their_errors(path: Path) -> None:
    if path.is_relative_to(ROOT / "_native"):
        for signature in SIGNATURE.findall(path.read_text()):
            stated = re.search(r"\b(noexcept|except)\b", signature)
            assert stated or RETURNS_OBJECT.match(signature), signature


@pytest.mark.parametrize("document", ["README.md", *DOCUMENTS])
def test_documents_name_files_that_exist(document: str) -> None:
    text = (ROOT / document).read_text()
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", text)
    tests = re.findall(r"`(tests/[\w/]+\.py)`", text)
    for name in [*((ROOT / document).parent / link for link in links), *map(ROOT.joinpath, tests)]:
        assert name.exists(), f"{document} names {name}"


def test_every_promise_has_its_row() -> None:
    security = (ROOT / "docs/security.md").read_text()
    for path in (ROOT / "tests/promises").glob("test_*.py"):
        assert f"tests/promises/{path.name}" in security


def test_readme_stays_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 120


@pytest.mark.parametrize(
    "command",
    [
        "ruff check -q",
        "mypy --no-error-summary",
        "cython-lint _native tests/native/faces benchmarks",
    ],
)
def test_lint(command: str) -> None:
    tool, *arguments = command.split()
    program = shutil.which(tool, path=str(Path(sys.executable).parent))
    assert program, f"{tool} is in the lint extra: pip install -e .[lint]"
    # cython-lint starts pycodestyle by name
    environment = {**os.environ, "PATH": f"{Path(program).parent}:{os.environ['PATH']}"}
    done = subprocess.run([program, *arguments], cwd=ROOT, env=environment, check=False)
    assert done.returncode == 0
