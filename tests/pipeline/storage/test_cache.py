"""The shared cache: its key covers whatever decides a result, and nobody's upload gets into it."""

from __future__ import annotations

import csv
import inspect
from dataclasses import fields, replace
from pathlib import Path

import decord
import numpy as np
import pytest

from pipeline.analyser import Analyser
from pipeline.annotations.marked import SkaterBox
from pipeline.clip_run import Run
from pipeline.config import load_profile
from pipeline.inputs import Followed, Program, Question, ResultInputs, digest
from pipeline.messages import Message
from pipeline.storage.analysis_files import load, score_rows, write_files
from pipeline.storage.cache import AnalysisCache
from pipeline.storage.export import pack, unpack
from pipeline.storage.output_folder import FILES
from pipeline.types import Analysis, People, Timeline, deciding_fields
from pipeline.video import open_video
from tests.conftest import ROOT
from tests.factories import make_analysis, make_track
from tests.videos import Recipe, write_video

FRAMES = 20


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", Recipe(frames=FRAMES))


@pytest.fixture
def analyser(tmp_path: Path) -> Analyser:
    return Analyser(load_profile("demo"), untrained=True, cache=AnalysisCache(tmp_path / "cache"))


def people(*, start: tuple[float, float] = (50, 40)) -> People:
    track = make_track(FRAMES, person_id=0, start=start)
    return People((track,), 0, Message("as somebody's file says"))


def key(analyser: Analyser, clip: Path, **asked: int) -> str:
    return analyser.inputs(open_video(clip), Question(**asked)).key()


def files_of(analysis: Analysis, folder: Path) -> dict[str, bytes]:
    folder.mkdir()
    write_files(analysis, folder)
    return {name: (folder / name).read_bytes() for name in FILES}


def test_people_of_an_upload_decide_nobody_else_s_result(analyser, clip) -> None:
    """Issue 15, point 30: moved boxes in an uploaded analysis, then a click on the skater."""
    theirs = analyser.analyse(clip, people=people(), skater=0)
    assert analyser.known(clip, skater=0) is None
    assert analyser.known(clip, skater=0, people=people()) is None  # nor their own next visit's
    mine = analyser.analyse(clip, skater=0)
    assert mine.people.tracks == ()  # these weights find nobody
    assert not np.array_equal(mine.scores["infogcn"].logits, theirs.scores["infogcn"].logits)
    assert [entry.name for entry in analyser.cache.folder.iterdir()] == [
        key(analyser, clip, skater=0)
    ]


def test_people_of_an_own_result_are_known_with_another_skater(analyser, clip, tmp_path) -> None:
    """A click on the skater of a clip that was analysed here is kept as the analysis itself is."""
    found = replace(analyser.analyse(clip), people=people())
    analyser.cache.put(key(analyser, clip), found)
    known = analyser.known(clip)
    assert known is not None
    again = analyser.analyse(clip, people=known.people, skater=0)
    stored = analyser.known(clip, people=known.people, skater=0)
    assert stored is not None
    assert stored.verdict.label == again.verdict.label
    packed = tmp_path / "theirs.zip"
    packed.write_bytes(pack(replace(known, people=people(start=(90, 40)))))
    (tmp_path / "opened").mkdir()
    opened = unpack([packed], tmp_path / "opened")
    assert analyser.known(clip, people=opened.people, skater=0) is None


def test_a_known_result_gives_the_same_files_to_the_last_byte(analyser, clip, tmp_path) -> None:
    """Issue 15, point 30: the last digit of a cached `scores.csv` was another."""
    made = files_of(analyser.analyse(clip), tmp_path / "made")
    known = files_of(analyser.analyse(clip), tmp_path / "known")
    for name in ("scores.csv", "measurements.json", "arrays.npz"):
        assert known[name] == made[name], name


INPUTS = ResultInputs(
    video=replace(make_analysis().video, path=""),
    timeline=make_analysis().timeline,
    question=Question(),
    profile=load_profile("demo"),
    weights={"pose": ("vitpose", "00"), "infogcn": ("infogcn", "11")},
    seed=0,
    device="cpu",
    program=Program(version="1", schema=1, code="aa", libraries={"torch": "2"}),
)
VIDEO, TIMELINE = INPUTS.video, INPUTS.timeline
CHANGED = {
    "video": [
        replace(VIDEO, **{name: change})
        for name, change in {
            "sha256": "another file", "start_s": 0.1, "end_s": 0.3, "width": 64, "rotation": 90,
            "frames": 11, "codec": "vp9", "stream": 1,
            "reader": "decord",
        }.items()
    ],
    "timeline": [
        replace(TIMELINE, pts_s=TIMELINE.pts_s + 0.01),
        replace(TIMELINE, frame_index=TIMELINE.frame_index + 1),
        replace(TIMELINE, origin_s=0.5),
    ],
    "question": [
        Question(skater=0),
        Question(skater=1),
        Question(tracks=people().tracks),
        Question(tracks=people(start=(51, 40)).tracks),
        Question(skater_box=SkaterBox(3, (50, 40, 80, 100))),
        Question(skater_box=SkaterBox(4, (50, 40, 80, 100))),
        Question(skater_box=SkaterBox(3, (50, 40, 80, 101))),
        Question(followed=Followed(people(), make_analysis().pose)),
        Question(followed=Followed(people(start=(51, 40)), make_analysis().pose)),
    ],
    "profile": [
        replace(INPUTS.profile, precision="bf16"),
        replace(INPUTS.profile, reader="decord"),
        replace(INPUTS.profile, reader="opencv"),
        replace(INPUTS.profile, region=replace(INPUTS.profile.region, margin=0.77)),
    ],
    "weights": [
        {"pose": ("vitpose", "01"), "infogcn": ("infogcn", "11")},
        {"pose": ("vitpose", None), "infogcn": ("infogcn", "11")},
    ],
    "seed": [1],
    "device": ["cuda"],
    "program": [
        replace(INPUTS.program, version="2"),
        replace(INPUTS.program, schema=2),
        replace(INPUTS.program, code="ab"),
        replace(INPUTS.program, libraries={"torch": "2.1"}),
    ],
}  # fmt: skip


def test_every_input_that_changes_makes_another_key() -> None:
    assert set(CHANGED) == {field.name for field in fields(ResultInputs)}
    keys = [INPUTS.key()] + [
        replace(INPUTS, **{name: change}).key() for name, changes in CHANGED.items()
        for change in changes
    ]  # fmt: skip
    assert len(set(keys)) == len(keys)
    assert INPUTS.key() == replace(INPUTS, weights=dict(reversed(INPUTS.weights.items()))).key()


def test_another_reader_is_in_the_key_with_its_version_and_the_usual_one_changes_no_key() -> None:
    """Issue 16: what was made before there was a choice is still known by its key."""
    usual = replace(INPUTS.profile, reader="pyav")
    assert "reader" not in deciding_fields(usual) | deciding_fields(VIDEO)
    assert usual.fingerprint() == (ROOT / "assets/analyses/profile.sha256").read_text().strip()
    others = [replace(usual, reader=name) for name in ("decord", "opencv")]
    assert len({profile.fingerprint() for profile in (usual, *others)}) == 3
    assert Program.running("pyav") == Program.running()
    assert Program.running("decord").libraries["decord"] == decord.__version__


def test_no_input_of_a_run_is_left_out_of_the_key() -> None:
    """Whoever gives a run something new has to say here where the key takes it from."""
    covered = {"profile": "profile", "video": "video, timeline", "question": "question"}
    covered |= {"networks": "weights, seed, device", "monitor": "decides nothing"}
    assert set(inspect.signature(Run).parameters) == set(covered)
    asked = set(inspect.signature(Analyser.analyse).parameters)
    asked -= {"self", "path", "start_s", "end_s", "stream"}  # the video
    asked -= {"fresh", "listener", "stop_asked"}  # how, not what
    asked |= {"followed"}  # by `pipeline.programme`, through `Analyser.answer`
    assert {"tracks" if name == "people" else name for name in asked} == {
        field.name for field in fields(Question)
    }


def test_a_key_refuses_what_it_does_not_understand() -> None:
    with pytest.raises(TypeError, match="object"):
        replace(INPUTS, seed=object()).key()


def test_the_name_of_a_file_is_no_input(analyser, clip, tmp_path) -> None:
    copy = tmp_path / "another name.mp4"
    copy.write_bytes(clip.read_bytes())
    assert key(analyser, clip) == key(analyser, copy)


def test_the_program_of_a_key_is_this_one() -> None:
    program = Program.running()
    assert program.libraries.keys() >= {"torch", "av", "numpy"}
    assert len(program.code) == 64


def test_every_kind_of_record_is_written_out() -> None:
    """Two records of different kinds with the same values are different inputs."""
    one = Timeline(np.arange(2), np.arange(2.0))
    assert digest(one) != digest({"frame_index": one.frame_index, "pts_s": one.pts_s})
    assert digest(np.float32([1])) != digest(np.float64([1]))
    assert digest((1, "1")) != digest(("1", 1))


@pytest.mark.parametrize("folder", sorted((ROOT / "assets" / "analyses").glob("*/")), ids=str)
def test_what_ships_gives_the_scores_that_ship(folder: Path) -> None:
    with (folder / "scores.csv").open(newline="", encoding="utf-8") as file:
        shipped = list(csv.DictReader(file))
    rows = [{name: str(v) for name, v in row.items()} for row in score_rows(load(folder))]
    assert rows == shipped
