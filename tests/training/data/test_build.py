"""Stored clips show what the videos show, where the region is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.command_line import StatusLine
from pipeline.classification.sampling import validation_indices
from pipeline.classification.transforms import INPUT_TRANSFORMS
from pipeline.types import RegionOfInterest
from tests.training.datasets import FRAMES, make_data_set
from tests.training.disks import largest_file
from tests.videos import Recipe, read_number, write_video
from training.data.augment import AugmentSettings
from training.data.build import ClipStore, StoreSettings
from training.data.challenge import DataError, LabelledClip, read_labels
from training.data.crops import jittered, random_crop, training_views, validation_view
from training.data.region_pictures import RegionPictures, kept_frames
from training.data.store import ClipWriter, StoredClip, read_clip, write_clip
from training.engine.errors import TrainingError

QUIET = StatusLine(active=False)
WHOLE = StoreSettings(region="whole_frame", short_side=240, surroundings=0.0)


@pytest.fixture(scope="module")
def numbered(tmp_path_factory: pytest.TempPathFactory) -> LabelledClip:
    """A video of 48 frames with their numbers burnt in."""
    folder = tmp_path_factory.mktemp("numbered")
    return LabelledClip("1_n", write_video(folder / "1_n.mp4", Recipe()), 5, folder / "1_n.npz")


def stored(clip: LabelledClip, folder: Path, settings: StoreSettings) -> StoredClip:
    ((_, path),) = ClipStore(folder, settings).build([clip], workers=0, status=QUIET)
    return read_clip(path)


def test_stored_pictures_are_the_frames(numbered: LabelledClip, tmp_path: Path) -> None:
    clip = stored(numbered, tmp_path, WHOLE)
    assert clip.num_frames == len(clip) == 48
    assert clip.region.tolist() == [0, 0, 320, 240]
    assert [read_number(p) for p in clip.pictures([5, 47, 5, 0])] == [5, 47, 5, 0]


def test_long_clips_are_thinned(numbered: LabelledClip, tmp_path: Path) -> None:
    clip = stored(numbered, tmp_path, replace(WHOLE, max_frames=20))
    assert clip.frame_index.tolist() == list(range(0, 48, 3))
    numbers = [read_number(p) for p in clip.pictures(clip.nearest(np.array([0, 4, 5, 47])))]
    assert numbers == [0, 3, 6, 45]


@pytest.mark.parametrize(("frames", "most"), [(1, 5), (5, 5), (6, 5), (99, 10), (100, 10)])
def test_kept_frames_are_even_and_few(frames: int, most: int) -> None:
    kept = kept_frames(frames, most)
    assert kept[0] == 0
    assert frames / 2 <= len(kept) * (kept[1] if len(kept) > 1 else 1)
    assert len(kept) <= most
    assert len(set(np.diff(kept))) <= 1


def test_region_lies_on_the_true_boxes_with_its_surroundings(tmp_path: Path) -> None:
    folder = make_data_set(tmp_path / "set", per_class=1)
    settings = StoreSettings(short_side=1000, surroundings=0.2)
    for labelled in read_labels(folder, "train"):
        clip = stored(labelled, tmp_path / "store", settings)
        height, width = clip.pictures([0])[0].shape[:2]
        x1, y1, x2, y2 = clip.region
        boxes = np.load(labelled.truth)["boxes_xyxy"]
        low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
        # Nothing is enlarged, so stored pixels are video pixels and the region has the margin.
        assert np.all((x2 - x1, y2 - y1) > high - low)
        assert np.all((x2 - x1, y2 - y1) < high - low + 8)
        assert min(x1, y1, width - x2, height - y2) >= 1
        bright = clip.pictures([FRAMES // 2])[0].max(axis=2) > 80
        rows, columns = np.flatnonzero(bright.any(1)), np.flatnonzero(bright.any(0))
        assert rows[0] >= y1
        assert rows[-1] < y2
        assert columns[0] >= x1
        assert columns[-1] < x2


def test_small_sides_scale_region_and_pictures_alike(tmp_path: Path) -> None:
    labelled = read_labels(make_data_set(tmp_path / "set", per_class=1), "train")[0]
    large = stored(labelled, tmp_path / "store", StoreSettings(short_side=1000))
    small = stored(labelled, tmp_path / "store", StoreSettings(short_side=12))
    scale = 12 / min(large.region[2:] - large.region[:2])
    np.testing.assert_allclose(small.region, large.region * scale, atol=0.6)


def test_stored_clips_are_not_stored_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clips = read_labels(make_data_set(tmp_path / "set", per_class=1), "train")
    store = ClipStore(tmp_path / "store", StoreSettings())
    first = store.build(clips, workers=0, status=QUIET)
    times = [path.stat().st_mtime_ns for _, path in first]
    first[1][1].unlink()  # as if the first call had been killed
    second = store.build(clips, workers=0, status=QUIET)
    assert [path for _, path in second] == [path for _, path in first]
    changed = [path.stat().st_mtime_ns for _, path in second]
    assert [a == b for a, b in zip(times, changed, strict=True)] == [True, False, True, True]
    clips[2].video.write_bytes(clips[3].video.read_bytes())
    assert store.path(clips[2]) != first[2][1]


@pytest.mark.slow
def test_processes_store_the_same(tmp_path: Path) -> None:
    clips = read_labels(make_data_set(tmp_path / "set", per_class=1), "train")
    one = ClipStore(tmp_path / "one", StoreSettings()).build(clips, workers=0, status=QUIET)
    two = ClipStore(tmp_path / "two", StoreSettings()).build(clips, workers=2, status=QUIET)
    for (_, a), (_, b) in zip(one, two, strict=True):
        assert np.array_equal(read_clip(a).data, read_clip(b).data)


def test_broken_clips_are_listed_and_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clips = read_labels(make_data_set(tmp_path / "set", per_class=2), "train")
    clips[1].video.write_bytes(b"not a video")
    clips[4].video.unlink()
    clips[6].truth.unlink()
    store = ClipStore(tmp_path / "store", StoreSettings(max_broken=0.5))
    usable = store.build(clips, workers=0, status=StatusLine())
    assert [clip for clip, _ in usable] == [clips[i] for i in (0, 2, 3, 5, 7)]
    listed = (store.folder / "broken_clips.txt").read_text().splitlines()
    assert [line.split(":")[0] for line in listed] == sorted(clips[i].stem for i in (1, 4, 6))
    assert "the video is missing" in " ".join(listed)
    assert "3 of 8 clips cannot be used" in capsys.readouterr().err

    strict = ClipStore(tmp_path / "store", StoreSettings(max_broken=0.3))
    with pytest.raises(
        DataError, match=r"3 of 8 clips cannot be used; .*: .*; all in .*max_broken"
    ):
        strict.build(clips, workers=0, status=QUIET)


def test_full_disk_is_said_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    clips = read_labels(make_data_set(tmp_path / "set", per_class=1), "train")
    store = ClipStore(tmp_path / "store", StoreSettings())
    with (
        largest_file(1_000),
        pytest.raises(TrainingError, match=r"cannot write .*store.*free some space"),
    ):
        store.build(clips, workers=0, status=QUIET)
    assert not list(store.folder.iterdir())
    assert len(store.build(clips, workers=0, status=QUIET)) == len(clips)


def test_damaged_stored_clip_is_named(tmp_path: Path) -> None:
    path = tmp_path / "clip.npz"
    write_clip(flat_clip(), path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(DataError, match=r"clip\.npz: is damaged .*delete it"):
        read_clip(path)


def flat_clip(num_frames: int = 9, *, width: int = 60, height: int = 40) -> StoredClip:
    """Pictures whose grey level tells their number; the region leaves 10 pixels on every side."""
    writer = ClipWriter()
    for number in range(num_frames):
        writer.add(number, np.full((height, width, 3), 8 * number, np.uint8))
    region = np.array([10, 10, width - 10, height - 10], np.float32)
    return writer.clip(num_frames=num_frames, region=region)


def test_training_copies_show_the_same_frames() -> None:
    views = training_views(
        flat_clip(), num_frames=4, side=16, copies=3, settings=AugmentSettings(flip=0.5),
        rng=np.random.default_rng(1),
    ).videos  # fmt: skip
    levels = np.round(views.mean(axis=(2, 3, 4)) / 8)
    assert views.shape == (3, 4, 16, 16, 3)
    assert np.array_equal(levels[0], levels[1])
    assert np.all(np.diff(levels) >= 0)
    assert len(np.unique(levels)) > 2


def test_flipped_and_plain_copies_occur() -> None:
    writer = ClipWriter()
    left_bright = np.zeros((40, 60, 3), np.uint8)
    left_bright[:, :30] = 200
    writer.add(0, left_bright)
    clip = writer.clip(num_frames=1, region=np.array([0, 0, 60, 40], np.float32))
    views = training_views(
        clip, num_frames=1, side=16, copies=40, settings=AugmentSettings(flip=0.5),
        rng=np.random.default_rng(0),
    ).videos  # fmt: skip
    flipped = int((views[:, 0, :, 0, 0].mean(axis=1) < 100).sum())
    assert 10 <= flipped <= 30


def test_validation_view_follows_the_published_rule() -> None:
    transform = INPUT_TRANSFORMS["umt"]
    view = validation_view(flat_clip(30), num_frames=5, side=20, transform=transform)
    levels = view[0, :, 10, 10] * transform.std[0] * 255 + transform.mean[0] * 255
    assert view.shape == (3, 5, 20, 20)
    np.testing.assert_allclose(levels, 8 * validation_indices(30, 5), atol=2)


@pytest.mark.parametrize("seed", range(20))
def test_random_crops_lie_in_the_region(seed: int) -> None:
    rng = np.random.default_rng(seed)
    settings = AugmentSettings(crop_scale=(0.08, 1.0), crop_ratio=(0.75, 4 / 3))
    left, top = rng.uniform(0, 20, 2)
    region = np.array([left, top, left + rng.uniform(2, 90), top + rng.uniform(2, 90)], np.float32)
    x1, y1, x2, y2 = random_crop(region, settings, rng)
    edges = np.round(region)
    assert edges[0] <= x1 < x2 <= edges[2]
    assert edges[1] <= y1 < y2 <= edges[3]


def test_crop_of_full_scale_is_the_middle_square() -> None:
    region = np.array([10, 0, 70, 40], np.float32)
    rng = np.random.default_rng(0)
    assert random_crop(region, AugmentSettings(), rng) == (20, 0, 60, 40)


def test_jitter_moves_edges_by_its_share_at_most_and_stays_inside() -> None:
    rng = np.random.default_rng(0)
    region = np.array([5, 20, 55, 40], np.float32)
    moved = np.stack([jittered(region, 0.2, (60, 50), rng) for _ in range(200)])
    assert np.all(np.abs(moved - region) <= np.array([10, 4, 10, 4]) + 1e-4)
    assert moved[:, 0].min() == 0
    assert moved[:, 2].max() == 60
    assert np.all(moved[:, 3] - moved[:, 1] >= 12 - 1e-4)


def prepared(short_side: int) -> StoredClip:
    """The region of a smooth 1280x720 clip that brightens, as `training.prepare` keeps it."""
    region = RegionOfInterest(np.array([200, 40, 1000, 680], np.float32), "test")
    pictures = RegionPictures(
        20, (1280, 720), region,
        short_side=short_side, max_frames=128, surroundings=0.0, quality=90,
    )  # fmt: skip
    x, y = np.meshgrid(np.linspace(0, 9, 1280), np.linspace(0, 5, 720))
    waves = np.stack([np.sin(x), np.cos(y), np.sin(x + y)], axis=-1)
    for frame in range(20):
        pictures.add(frame, (100 + 3 * frame + 90 * waves).clip(0, 255).astype(np.uint8))
    return pictures.clip()


def test_one_prepared_clip_feeds_224_and_448_pixels() -> None:
    large, small = prepared(512), prepared(256)
    transform = INPUT_TRANSFORMS["umt"]
    seen = [
        validation_view(clip, num_frames=4, side=224, transform=transform)
        for clip in (large, small)
    ]
    assert np.abs(seen[0] - seen[1]).mean() < 0.02  # of a range of about 4
    for side in (224, 448):
        views = training_views(
            large, num_frames=4, side=side, copies=2, settings=AugmentSettings(),
            rng=np.random.default_rng(0),
        )  # fmt: skip
        assert views.videos.shape == (2, 4, side, side, 3)
    assert min(large.pictures([0])[0].shape[:2]) == 512  # 448 pixels are not enlarged
