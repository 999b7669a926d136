"""Who may import whom (docs/architecture.md, "Layers"): stacks are one-way streets, and no files of
any language import each other in a circle.
"""

import ast
import re
from collections.abc import Callable
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.support.syntax import syntax_of

ROOT = Path(__file__).resolve().parent.parent
NATIVE = ["base", "net", "packet", "crypto", "media", "bwe", "peer", "turn"]
NATIVE += ["forwarding", "worker", "engine"]
JAVASCRIPT_IMPORT = re.compile(r"(?:\bfrom|\bimport\() *'(\.[^']+)'")
CIMPORT = re.compile(r"^\s*(?:from|cimport)\s+fastsfu\._native\.(\w+)", re.M)
CIMPORTED = re.compile(r"^\s*(?:from|cimport)\s+fastsfu\._native\.(\w+)\.(\w+)", re.M)
PYTHON = {
    **dict.fromkeys(["errors", "terms", "allowance", "names", "events", "hooks"], "value"),
    **dict.fromkeys(["cores", "options", "config", "environment", "public_address"], "value"),
    **dict.fromkeys(["media_options", "edge_options"], "value"),
    **dict.fromkeys(["sdp", "auth", "transport"], "value"),
    **dict.fromkeys(["_native"], "native"),
    **dict.fromkeys(["engine"], "engine"),
    **dict.fromkeys(["tracks", "heights", "session", "room"], "domain"),
    **dict.fromkeys(["p2p", "messages", "sfu"], "domain"),
    **dict.fromkeys(["http", "webhooks", "store", "cluster"], "edge"),
    **dict.fromkeys(["client"], "client"),
    **dict.fromkeys(["cli", "cli_options", "assembly", "config_document"], "top"),
    **dict.fromkeys(["doctor", "logs", "sandbox"], "top"),
    **dict.fromkeys(["__init__", "__main__", "testing"], "top"),
}
MAY_IMPORT = {
    "value": {"value"},
    "native": {"native"},
    "engine": {"value", "native", "engine"},
    "domain": {"value", "engine", "domain"},
    "edge": {"value", "domain"},  # and its own package, never another edge
    "client": set(),  # nothing of the server
    "top": {"value", "domain", "edge", "top"},
}


def native_sources() -> list[Path]:
    return sorted([*ROOT.glob("_native/*/*.pyx"), *ROOT.glob("_native/*/*.pxd")])


def python_sources() -> list[Path]:
    return sorted([*(ROOT / "fastsfu").rglob("*.py"), *(ROOT / "fastsfu").rglob("*.pyi")])


def unit_of(module: str) -> str:
    """`fastsfu.sdp.parse` -> "sdp"; the package itself -> "__init__"."""
    return [*module.split("."), "__init__"][1]


def modules_of(path: Path) -> set[str]:
    """All that a module imports, whether at its top or inside a function."""
    found = set()
    for node in ast.walk(syntax_of(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute here"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def imports_of(path: Path) -> set[str]:
    """The units of this package that a module imports."""
    units = {unit_of(name) for name in modules_of(path) if name.split(".")[0] == "fastsfu"}
    return {unit if unit in PYTHON else "__init__" for unit in units}


@pytest.mark.parametrize("path", native_sources(), ids=lambda path: path.name)
def test_native_layers(path: Path) -> None:
    own = NATIVE.index(path.parent.name)
    for other in CIMPORT.findall(path.read_text()):
        assert NATIVE.index(other) <= own, f"{path.parent.name} may not cimport {other}"


def test_python_reaches_the_worker_through_the_engine_only() -> None:
    imported = set().union(*map(modules_of, python_sources()))
    native = {name for name in imported if name.startswith("fastsfu._native.")}
    assert {name.split(".")[2] for name in native} == {"engine"}


@pytest.mark.parametrize("path", python_sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_python_layers(path: Path) -> None:
    own = path.relative_to(ROOT / "fastsfu").parts[0].removesuffix(".py")
    for other in imports_of(path) - {own}:
        assert PYTHON[other] in MAY_IMPORT[PYTHON[own]], f"{own} may not import {other}"
        assert not PYTHON[own] == PYTHON[other] == "edge", "edges never import each other"


def python_graph() -> dict[str, set[str]]:
    """Each module, and the modules of this package that it imports."""
    paths = {}
    for path in python_sources():
        parts = path.relative_to(ROOT).with_suffix("").parts
        paths[".".join(part for part in parts if part != "__init__")] = path
    graph: dict[str, set[str]] = {}
    for module, path in paths.items():
        named = set()
        for node in ast.walk(syntax_of(path)):
            if isinstance(node, ast.Import):
                named |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                inside = {f"{node.module}.{alias.name}" for alias in node.names}
                named |= (inside & paths.keys()) or {str(node.module)}
        graph[module] = named & paths.keys()
    return graph


def native_graph() -> dict[str, set[str]]:
    """Each file, and the .pxd files that it reads: those it names, and its own."""
    graph = {}
    for path in native_sources():
        own = f"{path.parent.name}/{path.stem}.pxd"
        read = {f"{folder}/{name}.pxd" for folder, name in CIMPORTED.findall(path.read_text())}
        graph[f"{path.parent.name}/{path.name}"] = read | {own} if path.suffix == ".pyx" else read
    return graph


def javascript_graph() -> dict[str, set[str]]:
    """Each file, and those that it names. Types count too: who needs to know the other's words
    cannot be read without it.
    """
    web = ROOT / "fastsfu" / "web"
    graph = {
        str(path): {str((path.parent / name).resolve()) for name in JAVASCRIPT_IMPORT.findall(text)}
        for path in [*web.rglob("*.js"), *web.rglob("*.d.ts")]
        if (text := path.read_text())
    }
    assert all(path in graph for imported in graph.values() for path in imported)
    return graph


@pytest.mark.parametrize("graph_of", [python_graph, native_graph, javascript_graph])
def test_no_circles(graph_of: Callable[[], dict[str, set[str]]]) -> None:
    graph = graph_of()
    assert sum(map(len, graph.values())) > len(graph), "the imports were found"
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))
