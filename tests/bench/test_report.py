"""What the benchmark records: its tables in the page, and the picture drawn from them."""

import itertools
import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bench import picture, report
from bench.stage import DAPR, EMBEDDED
from bench.timing import Table

TITLES = [
    "Medians as ratios (line: the aim)",
    "What each hop costs, p50 in ms",
    "After the commit, p50 to p95 in ms (line: the aim)",
    "p50 in ms as one person's tasks grow",
]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    page = tmp_path / "performance.md"
    marks = [f"<!-- {name}: begin -->\nold\n<!-- {name}: end -->" for name in (DAPR, EMBEDDED)]
    page.write_text("# Performance\n\n" + "\n\n".join(marks) + "\n\nthe end\n")
    for name, path in {"PAGE": page, "FIGURES": tmp_path / "figures", "PICTURE": tmp_path / "p.svg"}.items():
        monkeypatch.setattr(report, name, path)
    return tmp_path


def measured(title: str, value: str) -> Table:
    return Table(title, ("what", "ms"), (("a call", value),), "lr")


def shown() -> ET.Element:
    """Return the picture of what is recorded in the repository."""
    tables = json.loads(report.recorded(DAPR).read_text())["tables"]
    return ET.fromstring(picture.draw(tables))


def test_a_table_takes_the_place_of_the_one_with_its_title_and_leaves_the_others(docs: Path) -> None:
    for title, value in (("One", "1.00"), ("Two", "2.00"), ("One", "3.00")):
        report.record(EMBEDDED, measured(title, value))
    page = (docs / "performance.md").read_text()
    assert re.findall(r"### (\w+)\n\n.*?a call \| ([\d.]+)", page, re.DOTALL) == [("One", "3.00"), ("Two", "2.00")]
    assert page.startswith("# Performance\n")
    assert page.endswith("\n\nthe end\n")
    assert "<!-- dapr: begin -->\nold\n<!-- dapr: end -->" in page
    assert not (docs / "p.svg").exists(), "the picture is of the real engines"


def test_what_is_recorded_of_the_real_engines_is_drawn(docs: Path) -> None:
    report.record(DAPR, measured("One", "1.00"))
    assert "<svg" in (docs / "p.svg").read_text()


def test_a_page_without_a_place_for_the_runtime_is_refused() -> None:
    with pytest.raises(ValueError, match="<!-- dapr: begin -->"):
        report.with_section("# Performance", DAPR, "x")


def test_the_page_and_the_picture_are_those_of_the_recorded_tables() -> None:
    page = report.PAGE.read_text()
    for runtime in (DAPR, EMBEDDED):
        document = json.loads(report.recorded(runtime).read_text())
        assert report.with_section(page, runtime, report.section(document)) == page
    tables = json.loads(report.recorded(DAPR).read_text())["tables"]
    assert picture.draw(tables) == report.PICTURE.read_text()


def test_each_panel_of_the_picture_is_filled() -> None:
    panels = list(shown().iter(f"{SVG}g"))
    assert [group[0].text for group in panels] == TITLES
    for group in panels:
        drawn = [*group.iter(f"{SVG}rect"), *group.iter(f"{SVG}polyline")]
        assert len(drawn) >= 4, group[0].text


def test_nothing_of_the_picture_leaves_its_panel() -> None:
    for group in shown().iter(f"{SVG}g"):
        for rect in group.iter(f"{SVG}rect"):
            assert 0 <= float(rect.attrib["x"]) <= float(rect.attrib["x"]) + float(rect.attrib["width"]) <= 430
        for text in group.iter(f"{SVG}text"):
            left = {"start": 0, "middle": 0.5, "end": 1}[text.attrib["text-anchor"]]
            width = 7 * len(text.text or "")
            assert float(text.attrib["x"]) + width * (1 - left) <= 450, text.text


def test_the_entries_of_a_legend_do_not_overlap() -> None:
    for group in shown().iter(f"{SVG}g"):
        children = list(group)
        entries = [
            (float(rect.attrib["x"]), float(text.attrib["x"]) + 6.5 * len(text.text or ""), rect.attrib["y"])
            for rect, text in itertools.pairwise(children)
            if rect.tag == f"{SVG}rect" and rect.attrib["width"] == "12.0" and text.tag == f"{SVG}text"
        ]
        for (_, right, top), (left, _, below) in itertools.pairwise(entries):
            assert top != below or right < left
