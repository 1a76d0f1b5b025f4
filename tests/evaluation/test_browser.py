"""The report in a real browser, where there is one: Chromium without a window."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from hybridbg.evaluation import Run, choose_methods, read_datasets, summarise, write_report
from tests.evaluation.made import KNOWS_RED, WORSE, make_dataset, program

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
SORT = "<script>document.querySelector('#figures th:nth-child(2)').click()</script>"
"""Click on the head of the methods."""

MEASURE = (
    "<script>document.title = [document.querySelector('#figures').parentNode.clientWidth,"
    " ...[...document.querySelectorAll('.plots figure')].slice(0, 4).map(each => each.offsetTop)]"
    "</script>"
)
"""Width of the tables, and how far down the plots are, as the title."""

pytestmark = pytest.mark.skipif(BROWSER is None, reason="needs Chromium")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("run")
    commands = {
        "worse": program(output, WORSE, "worse.py"),
        "exact": program(output, KNOWS_RED),
    }
    datasets = read_datasets([str(make_dataset(output / "discs"))])
    run = Run(datasets, choose_methods([], commands), output, conditions=["clean", "noise"])
    run.begin(resume=False)
    for _ in run.work_off(jobs=1):
        pass
    write_report(summarise(run), output)
    return output / "report.html"


def shown(page: Path) -> str:
    """What the browser makes of a page, its script included, with everybody else out of reach."""
    done = subprocess.run(
        [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom",
         "--window-size=1400,900",
         "--proxy-server=127.0.0.1:9", f"--user-data-dir={page.parent / 'profile'}",
         page.as_uri()],
        check=True, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    return done.stdout


def figures(page: str) -> list[tuple[bool, str, str]]:
    """Rows of the table of figures: hidden or not, slice, method."""
    body = re.search(r'<table[^>]*id="figures".*?<tbody>(.*?)</tbody>', page, re.DOTALL)
    assert body
    rows = re.findall(r"<tr([^>]*)>(.*?)</tr>", body[1], re.DOTALL)
    return [
        ("hidden" in marks, *re.findall(r'<td class="word">(.*?)</td>', cells)[:2])
        for marks, cells in rows
    ]


def test_the_script_shows_one_slice(report: Path) -> None:
    found = figures(shown(report))
    assert {part for hidden, part, _ in found if not hidden} == {"all"}
    assert {part for hidden, part, _ in found if hidden} == {"noise"}


def test_a_click_on_a_head_sorts(report: Path) -> None:
    page = report.with_name("clicked.html")
    text = report.read_text(encoding="utf-8")
    page.write_text(text.replace("</body>", SORT + "</body>"), encoding="utf-8")
    before, after = (figures(shown(each)) for each in (report, page))
    assert [method for hidden, _, method in before if not hidden] == ["worse", "exact"]
    assert [method for hidden, _, method in after if not hidden] == ["exact", "worse"]


def test_it_takes_the_room_there_is(report: Path) -> None:
    page = report.with_name("measured.html")
    text = report.read_text(encoding="utf-8")
    page.write_text(text.replace("</body>", MEASURE + "</body>"), encoding="utf-8")
    title = re.search("<title>(.*?)</title>", shown(page))
    assert title
    width, first, second, third, fourth = map(float, title[1].split(","))
    assert width > 1300
    assert first == second == third < fourth
