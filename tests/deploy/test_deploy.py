"""The files of deploy/: what they set is what the server knows, and what reads them takes them."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from fastsfu.config import Config
from fastsfu.environment import resolve
from fastsfu.http.outcome_metrics import outcomes, paths_now
from fastsfu.session.outcomes import Outcomes
from tests.support.server import live_server

DEPLOY = Path(__file__).parents[2] / "deploy"
FILES = [path for path in DEPLOY.rglob("*") if path.is_file()]
# What a metric of a kind is called where it is asked for (OpenMetrics section 5).
SUFFIXES = {
    "counter": ("_total",),
    "histogram": ("_bucket", "_count", "_sum"),
    "gaugehistogram": ("_bucket", "_gcount", "_gsum"),
    "info": ("_info",),
}
UNITS = ("fastsfu.service", "fastsfu.socket", "fastsfu@a.service")


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"no {program} here")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_variable_is_an_option(path: Path) -> None:
    names = re.findall(r"FASTSFU_[A-Z_]+[A-Z]", path.read_text())
    for name in names:
        resolve({name.lower(): str(path)}, Config.model_fields)


def test_some_variables_are_set() -> None:
    assert sum("FASTSFU_SECRET_FILE" in path.read_text() for path in FILES) >= 4


def test_the_image_has_all_that_options_may_ask_for() -> None:
    """On its read-only file system nothing can be installed later."""
    text = (DEPLOY / "Dockerfile").read_text()
    with (DEPLOY.parent / "pyproject.toml").open("rb") as file:
        extras = tomllib.load(file)["project"]["optional-dependencies"]
    installed = re.search(r"pip install \S+ '\.\[(\S+)\]'", text)
    assert installed is not None
    assert {"acme", "postgresql"} <= set(installed[1].split(",")) <= extras.keys()
    assert "fastsfu[store]" in extras["postgresql"]
    for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.M):
        assert all((DEPLOY.parent / each).exists() for each in sources.split())


@pytest.mark.parametrize(
    ("linter", "file"),
    [
        (["hadolint", "--failure-threshold", "error"], "Dockerfile"),
        (["kubernetes-validate", "--strict", "-k", "1.35"], "kubernetes/fastsfu.yaml"),
    ],
    ids=["image", "kubernetes"],
)
def test_linters_find_nothing(linter: list[str], file: str) -> None:
    program = Path(sys.executable).with_name(linter[0])
    done = subprocess.run(
        [program, *linter[1:], str(DEPLOY / file)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@needs("systemd-analyze")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    for unit in UNITS:
        source = DEPLOY / "systemd" / unit.replace("@a", "@")
        text = source.read_text().replace("/opt/fastsfu/bin/fastsfu", "/bin/true")
        (tmp_path / unit).write_text(text)
    for unit in UNITS:
        done = subprocess.run(
            ["systemd-analyze", "verify", str(tmp_path / unit)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")


def test_units_lock_memory_and_give_up_the_rest() -> None:
    for unit in ("fastsfu.service", "fastsfu@.service"):
        text = (DEPLOY / "systemd" / unit).read_text()
        assert "LimitMEMLOCK=infinity" in text
        assert "CapabilityBoundingSet=CAP_NET_BIND_SERVICE CAP_IPC_LOCK\n" in text
        assert "mlock" in text.split("SystemCallFilter=")[1].split("\n")[0]


@needs("promtool")
def test_prometheus_takes_the_rules() -> None:
    rules = DEPLOY / "prometheus" / "alerts.yaml"
    subprocess.run(["promtool", "check", "rules", str(rules)], check=True, capture_output=True)


def dashboard_queries() -> list[str]:
    board = json.loads((DEPLOY / "grafana" / "fastsfu.json").read_text())
    panels = [panel for panel in board["panels"] if panel["type"] != "row"]
    return [target["expr"] for panel in panels for target in panel["targets"]]


@pytest.mark.parametrize("reader", ["alerts", "dashboard"])
async def test_what_is_asked_for_are_metrics_that_there_are(reader: str) -> None:
    alerts = (DEPLOY / "prometheus" / "alerts.yaml").read_text()
    text = alerts if reader == "alerts" else "\n".join(dashboard_queries())
    asked = set(re.findall(r"\b(fastsfu_\w+|process_\w+)(?=[{\[) ])", text))
    async with live_server() as server:
        answer = await server.http.get("/metrics")
    there = set(re.findall(r"^(\w+)", answer.text, re.M))
    for name, kind in re.findall(r"^# TYPE (\w+) (\w+)", answer.text, re.M):
        there |= {f"{name}{suffix}" for suffix in SUFFIXES.get(kind, ("",))}
    assert len(asked) > 5
    assert asked <= there, asked - there


def test_the_dashboard_shows_what_becomes_of_clients() -> None:
    asked = "\n".join(dashboard_queries())
    families = [*outcomes(Outcomes()), paths_now([])]
    assert [each.name for each in families if each.name not in asked] == []


@needs("promtool")
@pytest.mark.parametrize("query", dashboard_queries())
def test_prometheus_takes_what_the_dashboard_asks(query: str, tmp_path: Path) -> None:
    rule = {"record": "asked:now", "expr": query.replace("$__rate_interval", "1m")}
    rules = tmp_path / "rules.json"  # JSON is YAML
    rules.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": [rule]}]}))
    subprocess.run(["promtool", "check", "rules", str(rules)], check=True, capture_output=True)
