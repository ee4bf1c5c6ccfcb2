"""Two clips (issue 15, point 12): the page opens with two different ones."""

from __future__ import annotations

from dataclasses import replace

from tests.factories import make_analysis
from ui.runs import RunStore
from ui.tabs.compare import two_clips


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
