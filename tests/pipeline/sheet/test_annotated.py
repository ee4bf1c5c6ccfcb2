"""The video with captions, and small pictures of the elements (issue 17, section 2: take away)."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.errors import Cancelled, VideoError
from pipeline.sheet.annotated import caption_at, element_analyses, write_annotated
from pipeline.sheet.corrected import apply
from pipeline.sheet.corrections import Delete, Mark, Relabel
from pipeline.sheet.pictures import element_pictures
from pipeline.sheet.rows import machine_rows
from pipeline.storage.analysis_files import save
from pipeline.types import Programme, RegionOfInterest
from pipeline.video import open_video
from tests.factories import make_analysis
from tests.pipeline.sheet.programmes import make_elements, make_jump, make_programme
from tests.pipeline.video.test_writer import sound_stamps
from tests.videos import Recipe, read_number, write_video


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("film") / "film.mp4", Recipe(sound=True))


def programme_of(video: Path) -> Programme:
    """1.6 s at 30 frames a second, with a jump from 0.5 to 1.0 s."""
    element = replace(
        make_elements()[2],
        number=1, start_s=0.5, end_s=1.0, jumps=(make_jump(0.6, "2Axel", air_s=0.3),),
    )  # fmt: skip
    info = open_video(video).info
    return replace(make_programme((element,)), video=info, read_until_s=info.end_s)


def strip(frame: np.ndarray) -> float:
    """How bright the foot of the picture is."""
    return float(frame[-16:, :200].mean())


def test_the_code_stands_in_the_picture_during_the_element_and_the_sound_is_kept(
    video: Path, tmp_path: Path
) -> None:
    programme, target = programme_of(video), tmp_path / "annotated.mp4"
    write_annotated(programme, machine_rows(programme), target)
    before, after = open_video(video), open_video(target)
    assert np.allclose(after.timeline.pts_s, before.timeline.pts_s)
    pairs = list(zip(before.frames(), after.frames(), strict=True))
    changed = [t for (t, plain), (_, made) in pairs if abs(strip(plain) - strip(made)) > 15]
    assert changed == list(range(15, 30))
    assert [read_number(frame) for _, frame in after.frames([0, 20, 47])] == [0, 20, 47]
    assert sound_stamps(target)[-1] == pytest.approx(sound_stamps(video)[-1], abs=0.001)


def test_box_and_skeleton_are_drawn_where_an_analysis_knows_the_frame(
    video: Path, tmp_path: Path
) -> None:
    programme, target = programme_of(video), tmp_path / "annotated.mp4"
    plain = tmp_path / "plain.mp4"
    analysis = make_analysis(num_frames=12)
    write_annotated(programme, (), target, analyses=[analysis])
    write_annotated(programme, (), plain)
    differ = [
        t
        for (t, one), (_, other) in zip(
            open_video(plain).frames(), open_video(target).frames(), strict=True
        )
        if (np.abs(one.astype(int) - other) > 60).sum() > 300
    ]
    assert differ == list(range(1, 12))  # nobody is there in its first frame


def test_a_caption_says_whose_the_call_is_and_what_the_weights_are_worth() -> None:
    programme = make_programme()
    rows = apply(programme, [Relabel("3", "3A<"), Mark("3"), Delete("2")]).rows
    machine, person = (caption_at(programme, rows, at_s) for at_s in (10.0, 40.0))
    assert machine is not None
    assert person is not None
    assert (machine.title, machine.detail) == ("1. 3Lz+3T", "demo weights, confidence 92%")
    assert (person.title, person.detail) == ("2. 3A<", "corrected by a person, review")
    assert caption_at(programme, rows, 25.0) is None
    assert caption_at(programme, rows, 13.0) is None


def test_nothing_half_written_stays(video: Path, tmp_path: Path) -> None:
    programme = programme_of(video)
    with pytest.raises(Cancelled):
        write_annotated(programme, (), tmp_path / "a.mp4", stop_asked=lambda: True)
    other = replace(programme, video=replace(programme.video, sha256="f" * 64))
    with pytest.raises(VideoError, match="is not the video"):
        write_annotated(other, (), tmp_path / "a.mp4")
    gone = replace(programme, video=replace(programme.video, path="gone.mp4"))
    with pytest.raises(VideoError, match="not here"):
        write_annotated(gone, (), tmp_path / "a.mp4")
    assert list(tmp_path.iterdir()) == []


def test_each_element_has_a_small_picture_at_its_take_off(video: Path) -> None:
    programme = programme_of(video)
    (address,) = element_pictures(programme, machine_rows(programme)).values()
    kind, _, data = address.partition(",")
    assert kind == "data:image/jpeg;base64"
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR)
    assert read_number(picture) == 18  # 0.6 s at 30 frames a second
    other = replace(programme, video=replace(programme.video, sha256="f" * 64))
    gone = replace(programme, video=replace(programme.video, path="gone.mp4"))
    for one in (other, gone):
        assert element_pictures(one, machine_rows(one)) == {}


def test_a_picture_shows_the_region_of_the_element_s_analysis(video: Path, tmp_path: Path) -> None:
    plain = programme_of(video)
    (element,) = plain.elements
    jump = replace(element.jumps[0], analysis="elements/01")
    programme = replace(plain, elements=(replace(element, jumps=(jump,)),))
    analysis = replace(
        make_analysis(),
        region=RegionOfInterest(np.array([300, 100, 318, 140], dtype=np.float32), "union"),
    )
    save(analysis, tmp_path / "elements" / "01")
    rows = machine_rows(programme)
    (address,) = element_pictures(programme, rows, tmp_path).values()
    data = base64.b64decode(address.partition(",")[2])
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (40, 72, 3)  # as high as the region, 16:9, within the frame
    whole = open_video(video)
    _, frame = next(whole.frames([18]))
    assert np.abs(frame[100:140, 248:320, ::-1].astype(int) - picture).mean() < 6
    assert [one.region.rule for one in element_analyses(programme, tmp_path)] == ["union"]
