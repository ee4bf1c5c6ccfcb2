"""Two clips (issue 15, point 12): the page opens with two different ones."""

from __future__ import annotations

from dataclasses import replace

from pipeline.storage.analysis_files import load
from tests.conftest import ROOT
from tests.factories import make_analysis
from ui.runs import RunStore
from ui.tabs.compare import two_clips
from ui.views.comparison import comparison_table
from ui.views.measured import measured_on_screen

SHIPPED = ROOT / "assets" / "analyses"


def test_two_different_clips_are_compared_not_one_with_itself() -> None:
    """The same clip analysed twice, or the only one of the visit, stood on both sides."""
    runs, made = RunStore(), make_analysis()
    other = replace(made, video=replace(made.video, sha256="f" * 64))
    one = runs.adopt("anna", other, "other.mp4")
    assert two_clips(runs.history("anna")) == (one.run_id, None)
    first = runs.adopt("anna", made, "clip.mp4")
    again = runs.adopt("anna", made, "clip.mp4")
    history = runs.history("anna")
    assert two_clips(history) == (again.run_id, one.run_id)
    assert two_clips(history, first.run_id, again.run_id) == (first.run_id, again.run_id)
    assert two_clips(history, again.run_id, again.run_id) == (again.run_id, one.run_id)
    assert two_clips([]) == (None, None)


def test_measurements_stand_side_by_side_with_their_differences() -> None:
    left, right = (load(SHIPPED / name) for name in ("3Lutz", "2Axel"))
    page = comparison_table(left, right)
    turned = [measured_on_screen(a).of("air_time").estimate.value for a in (left, right)]
    row = next(row for row in page.split("<tr>") if "Air time" in row)
    cells = [cell.split("<")[0] for cell in row.split("<td>")[1:]]
    apart = turned[1] - turned[0]
    assert cells == [f"{turned[0]:.2f} s", f"{turned[1]:.2f} s", f"{apart:+.2f} s"]
    takeoff = next(row for row in page.split("<tr>") if "Take-off" in row)
    assert takeoff.split("<td>")[-1].startswith("</td>")  # two clocks have no difference
