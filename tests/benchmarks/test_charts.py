"""Charts are well-formed, the same from the same results, and keep their text."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import charts
from tests.benchmarks.samples import FORWARD, SAMPLES

SVG = "{http://www.w3.org/2000/svg}"


def test_every_chart_is_drawn_and_is_the_same_again(tmp_path: Path) -> None:
    first, again = (charts.draw(SAMPLES, tmp_path / name) for name in ("first", "again"))
    assert [path.stem for path in first] == list(charts.CHARTS)
    for one, other in zip(first, again, strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_what_was_not_measured_is_not_drawn(tmp_path: Path) -> None:
    assert [path.name for path in charts.draw(FORWARD, tmp_path)] == ["forward.svg"]


@pytest.mark.parametrize("name", charts.CHARTS)
def test_text_is_text_in_the_colour_of_the_page(tmp_path: Path, name: str) -> None:
    path = next(path for path in charts.draw(SAMPLES, tmp_path) if path.stem == name)
    root = ElementTree.fromstring(path.read_text())
    texts = root.findall(f".//{SVG}text")
    assert len(texts) > 3
    assert {"fill: currentColor"} == {
        part.strip() for text in texts for part in text.attrib["style"].split(";") if "fill" in part
    }
    styles = "".join(style.text or "" for style in root.iter(f"{SVG}style"))
    assert "prefers-color-scheme: dark" in styles
    assert charts.INK not in path.read_text()
