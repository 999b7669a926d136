"""docs/performance.md says what its results say."""

import pytest

from benchmarks import results
from benchmarks.document import DOCUMENT, FOLDER, TABLES, filled, ordered, table
from tests.benchmarks.samples import FORWARD, SAMPLES, result


def test_the_document_is_made_from_its_results() -> None:
    text, rows = DOCUMENT.read_text(), results.load(FOLDER / "results.json")
    assert filled(text, ordered(rows)) == text


def test_its_charts_are_there() -> None:
    charts = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("![")]
    assert charts
    for line in charts:
        assert (DOCUMENT.parent / line.split("(")[1].rstrip(")")).is_file()


@pytest.mark.parametrize("name", TABLES)
def test_every_shape_has_a_row_in_its_table(name: str) -> None:
    lines = table(name, SAMPLES).splitlines()
    assert len(lines) == 2 + sum(one["shape"] == name for one in SAMPLES)
    assert len({line.count("|") for line in lines}) == 1


def test_only_tables_change() -> None:
    text = "before\n<!-- table: forward -->\nold\n<!-- end -->\nafter\n"
    new = filled(text, FORWARD)
    assert new.startswith("before\n<!-- table: forward -->\n|  | CPU ns a packet |")
    assert new.endswith("|\n<!-- end -->\nafter\n")
    assert "old" not in new
    assert filled(new, FORWARD) == new
    assert "Not measured yet." in filled(text, [])


def test_rows_are_in_the_order_of_the_list() -> None:
    rows = [result("forward", "forward") | {"case": f"1 to {n}"} for n in (100, 1, 10)]
    assert [one["case"] for one in ordered(rows)] == ["1 to 1", "1 to 10", "1 to 100"]
    with pytest.raises(ValueError, match="1 to 7"):
        ordered([rows[0] | {"case": "1 to 7"}])


def test_an_unknown_table_is_refused() -> None:
    with pytest.raises(KeyError, match="circle"):
        filled("<!-- table: circle -->\n<!-- end -->", [])
