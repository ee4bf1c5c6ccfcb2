"""Programme jobs (issue 17, "Job identity"): nobody's page, bounded, found again, stopped."""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.errors import InputError, VideoError
from pipeline.storage.analysis_files import load
from pipeline.storage.programme_files import analysis_places
from pipeline.storage.programme_pack import pack_programme
from tests.ui.programme.engines import StepByStep
from tests.videos import Recipe, write_video
from ui.language.tables import speaking
from ui.programme.job import ProgrammeJob, ProgrammeRequest
from ui.programme.jobs import JobRefused, ProgrammeJobs
from ui.programme.routes import status_of
from ui.programme.starting import begin, example_files, is_programme
from ui.work.queue import WORK_QUEUE, Place, Turn
from ui.work.work import Work

WAIT_S = 60.0


def until(so: Callable[[], object]) -> None:
    end = time.monotonic() + WAIT_S
    while not so():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "uploads" / "free skate.mp4"
    path.parent.mkdir()
    path.write_bytes(b"a video")
    return path


@pytest.fixture
def jobs_of(tmp_path: Path) -> Iterator[Callable[..., ProgrammeJobs]]:
    engines, made = [], []

    def make(engine: StepByStep, **limits: float) -> ProgrammeJobs:
        engines.append(engine)
        made.append(ProgrammeJobs(engine, tmp_path / "jobs", **limits))
        return made[-1]

    yield make
    for engine in engines:  # nobody keeps the turn, nor a place before the next test's
        engine.gate.set()
    until(lambda: not any(job.going for jobs in made for job in list(jobs._jobs.values())))


def ask(jobs: ProgrammeJobs, video: Path, visitor: str = "anna") -> ProgrammeJob:
    return jobs.start(ProgrammeRequest(str(video)), visitor)


def test_elements_arrive_before_the_end_and_any_page_may_look_on(jobs_of, video) -> None:
    engine = StepByStep()
    engine.gate.clear()
    jobs = jobs_of(engine)
    job = ask(jobs, video)
    until(lambda: job.state == "reading")
    engine.gate.set()
    seen = [len(job.programme.elements) for _ in job.watch() if job.programme]
    assert seen[-1] == 3
    assert list(job.watch()) == [job.revision]  # a page that comes late
    assert jobs.get(job.job_id) is job
    assert job.state == "done"
    assert job.sentence() == "done; elements found: 3"


def test_the_id_cannot_be_guessed_and_others_find_nothing(jobs_of, video) -> None:
    jobs = jobs_of(StepByStep())
    first, second = ask(jobs, video), ask(jobs, video)
    assert first.job_id != second.job_id
    assert len(first.job_id) >= 20
    for asked in ("", "..", first.job_id[:-1], first.job_id + "/", first.job_id.swapcase()):
        assert jobs.get(asked) is None


def test_two_programmes_at_once_are_read_one_after_the_other(jobs_of, video, tmp_path) -> None:
    """Issue 17, "Bad input": each its own, and the place in the queue is said."""
    other = tmp_path / "short.mp4"
    other.write_bytes(b"another")
    engine = StepByStep()
    engine.gate.clear()
    jobs = jobs_of(engine)
    first, second = ask(jobs, video), ask(jobs, other, "boris")
    until(lambda: first.state == "reading")
    until(lambda: second.place is not None and second.place.before == 1)
    assert second.sentence() == "waiting for its turn; to be done before it: 1"
    engine.gate.set()
    until(lambda: not second.going)
    assert engine.order == ["free skate.mp4", "short.mp4"]
    assert engine.most_at_work == 1
    assert [Path(j.programme.video.path).name for j in (first, second)] == engine.order


def test_a_clip_and_a_programme_take_turns(jobs_of, video) -> None:
    with WORK_QUEUE.taken(Turn(threading.Event())):
        job = ask(jobs_of(StepByStep()), video)
        until(lambda: job.place is not None and job.place.before == 1)
        assert job.state == "waiting"
    until(lambda: job.state == "done")


def test_a_programme_that_is_read_lets_a_clip_of_another_go_first(jobs_of, video) -> None:
    """Issue 19, section 2: one visitor's programme does not stop another's clip."""
    engine = StepByStep()
    engine.gate.clear()
    job = ask(jobs_of(engine), video)
    until(lambda: job.state == "reading")
    clip, at_work, end = Work(), threading.Event(), threading.Event()

    def analyse() -> None:
        at_work.set()
        end.wait(WAIT_S)

    clip.start(analyse, threading.Event(), visitor="boris", profile="demo")
    seen = clip.watch()
    assert next(seen)[0] == Place(1, None)
    engine.gate.set()
    assert at_work.wait(WAIT_S)
    assert (job.state, len(job.programme.elements)) == ("reading", 1)
    assert job.sentence().endswith("Clips go first: 1. Then the reading goes on.")
    assert status_of(job)["before"] == 1
    with speaking("zh"):
        assert "之后继续读取" in job.sentence()
    end.set()
    until(lambda: job.state == "done")
    assert list(seen) == []
    assert len(job.programme.elements) == 3


def test_a_programme_that_gave_way_is_cancelled_at_once(jobs_of, video) -> None:
    engine = StepByStep()
    engine.gate.clear()
    jobs = jobs_of(engine)
    job = ask(jobs, video)
    until(lambda: job.state == "reading")
    clip, end = Work(), threading.Event()
    clip.start(lambda: end.wait(WAIT_S) and None, threading.Event(), visitor="b", profile="demo")
    until(lambda: next(clip.watch()))
    engine.gate.set()
    until(lambda: job.place is not None)
    jobs.cancel(job.job_id)
    until(lambda: job.state == "cancelled")
    end.set()


@pytest.mark.parametrize("begun", [True, False])
def test_cancel_ends_it_at_once_and_the_turn_is_free(jobs_of, video, begun) -> None:
    engine = StepByStep()
    engine.gate.clear()
    jobs = jobs_of(engine)
    first, second = ask(jobs, video), ask(jobs, video)
    job = first if begun else second
    until(lambda: first.state == "reading")
    jobs.cancel(job.job_id)
    until(lambda: job.state == "cancelled")  # while the engine may not go on
    engine.gate.set()
    until(lambda: not first.going and not second.going)
    assert {first.state, second.state} == {"cancelled", "done"}
    assert job.sentence().startswith("cancelled")


def test_what_was_cancelled_is_read_on_when_asked(jobs_of, video) -> None:
    engine = StepByStep()
    engine.gate.clear()
    jobs = jobs_of(engine)
    job = ask(jobs, video)
    jobs.cancel(job.job_id)
    until(lambda: job.state == "cancelled")
    assert job.can_continue
    engine.gate.set()
    jobs.resume(job.job_id, "anna")
    until(lambda: job.state == "done")
    jobs.resume(job.job_id, "anna")  # nothing to go on with
    assert job.state == "done"


def test_a_server_that_was_started_anew_finds_the_jobs_of_the_one_before(
    jobs_of, video, tmp_path
) -> None:
    before = StepByStep()
    jobs = jobs_of(before)
    done = ask(jobs, video)
    until(lambda: done.state == "done")
    before.gate.clear()
    going = ask(jobs, video)
    until(lambda: going.state == "reading")
    video.unlink()  # the upload went with the server

    after = jobs_of(StepByStep())
    found = after.get(done.job_id)
    assert found.state == "done"
    assert found.title == "free skate.mp4"
    assert len(found.programme.elements) == 3
    cut_off = after.get(going.job_id)
    assert cut_off.state == "interrupted"
    assert "was restarted" in cut_off.sentence()
    before.gate.set()
    until(lambda: going.state == "done")  # here both servers live in one process
    after.resume(going.job_id, "anna")
    until(lambda: cut_off.state in ("done", "failed"))


def test_a_job_goes_a_while_after_its_end_with_its_files(jobs_of, video) -> None:
    jobs = jobs_of(StepByStep(), kept_s=0.3)
    job = ask(jobs, video)
    until(lambda: job.state == "done")
    assert jobs.get(job.job_id) is job
    until(lambda: jobs.get(job.job_id) is None)
    until(lambda: not job.folder.exists())


def test_the_number_of_jobs_is_bounded(jobs_of, video) -> None:
    jobs = jobs_of(StepByStep(), max_jobs=2)
    made = []
    for _ in range(3):
        made.append(ask(jobs, video))
        until(lambda: made[-1].state == "done")
    assert [jobs.get(job.job_id) is not None for job in made] == [False, True, True]
    assert [job.folder.exists() for job in made] == [False, True, True]


def test_programmes_that_are_only_opened_push_out_none_that_was_read(jobs_of, video, tmp_path):
    """Else every visitor of the example would cost another one their programme."""
    jobs = jobs_of(StepByStep(), max_jobs=1)
    read = ask(jobs, video)
    until(lambda: read.state == "done")
    pack_programme(read.programme_folder, tmp_path / "saved.zip")
    opened = [begin(jobs, [str(tmp_path / "saved.zip")], "demo", "boris") for _ in range(2)]
    assert [jobs.get(job.job_id) is not None for job in opened] == [False, True]
    assert jobs.get(read.job_id) is read
    again = jobs_of(StepByStep()).get(opened[1].job_id)  # a server that was started anew
    assert again.opened


def test_too_many_at_once_are_refused_with_what_to_do(jobs_of, video) -> None:
    engine = StepByStep()
    engine.gate.clear()
    jobs = jobs_of(engine, max_of_a_visitor=1, max_going=2)
    first = ask(jobs, video)
    with pytest.raises(JobRefused, match="cancel one"):
        ask(jobs, video)
    ask(jobs, video, "boris")
    with pytest.raises(JobRefused, match="try again later"):
        ask(jobs, video, "carla")
    engine.gate.set()
    until(lambda: not first.going)
    ask(jobs, video)
    assert len(jobs.of("anna")) == 2


def test_programmes_have_a_share_of_the_disk_and_one_s_own_go_first(jobs_of, tmp_path) -> None:
    videos = [tmp_path / f"{number}.mp4" for number in range(4)]
    for video in videos:
        video.write_bytes(bytes(2**20))
    engine = StepByStep()
    jobs = jobs_of(engine, max_mib=3)  # two videos with what is found in them
    boris, anna = ask(jobs, videos[0], "boris"), ask(jobs, videos[1], "anna")
    until(lambda: boris.state == anna.state == "done")
    engine.gate.clear()
    second = ask(jobs, videos[2], "anna")
    assert [jobs.get(job.job_id) is not None for job in (boris, anna, second)] == [1, 0, 1]
    assert not anna.folder.exists()
    third = ask(jobs, videos[3], "anna")  # what is over of others goes then
    assert jobs.get(boris.job_id) is None
    with pytest.raises(JobRefused, match="No room is left"):
        ask(jobs, videos[1], "carla")
    assert len(list((tmp_path / "jobs").iterdir())) == 2
    engine.gate.set()
    until(lambda: second.state == third.state == "done")


def test_a_bad_file_is_refused_at_once(jobs_of, tmp_path) -> None:
    with pytest.raises(InputError):
        ask(jobs_of(StepByStep()), tmp_path / "none.mp4")
    assert not (tmp_path / "jobs").exists()


FAILURES: dict[str, tuple[Exception, str]] = {
    "input": (VideoError.of("video_no_frames", name="a.mp4"), "without a single frame"),
    "disk": (OSError(errno.ENOSPC, "No space left on device"), "disk is full"),
    "inside": (ZeroDivisionError("a bug"), "internal error in Rinkside (ZeroDivisionError)"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_what_goes_wrong_is_a_sentence_and_stays_one(jobs_of, video, name) -> None:
    """Issue 17, "Bad input": each its own sentence; also for a server that is started anew."""
    error, words = FAILURES[name]

    def fail() -> None:
        raise error

    jobs = jobs_of(StepByStep(failing=fail))
    job = ask(jobs, video)
    until(lambda: job.state == "failed")
    assert words in job.sentence()
    assert len(job.programme.elements) == 2  # what was found before stands
    with speaking("ja"):
        assert words not in job.sentence()
    until(lambda: jobs_of(StepByStep()).get(job.job_id).state == "failed")
    assert jobs_of(StepByStep()).get(job.job_id).sentence() == job.sentence()


def test_a_saved_programme_is_opened_as_a_job_that_is_over(jobs_of, video, tmp_path) -> None:
    jobs = jobs_of(StepByStep())
    made = ask(jobs, video)
    until(lambda: made.state == "done")
    taken = tmp_path / "taken away"
    made.programme_folder.rename(taken)
    job = jobs.adopt(taken, "boris")
    assert job.state == "done"
    assert not job.can_continue
    assert jobs_of(StepByStep()).get(job.job_id).programme.elements == made.programme.elements
    with pytest.raises(InputError):
        jobs.adopt(tmp_path, "boris")


def test_a_saved_programme_takes_its_own_video_along_and_no_other(jobs_of, tmp_path) -> None:
    jobs = jobs_of(StepByStep())
    video, other = (write_video(tmp_path / f"{i}.mp4", Recipe(frames=4 + i)) for i in range(2))
    made = ask(jobs, video)
    until(lambda: made.state == "done")
    pack_programme(made.programme_folder, tmp_path / "saved.zip")
    chosen = [str(tmp_path / "saved.zip"), str(video)]
    job = begin(jobs, chosen, "demo", "boris")
    assert Path(job.request.path).read_bytes() == video.read_bytes()
    assert job.programme.elements == made.programme.elements
    with pytest.raises(InputError, match="is not the clip of this analysis"):
        begin(jobs, [chosen[0], str(other)], "demo", "boris")
    with pytest.raises(InputError, match="one video at a time"):
        begin(jobs, [str(video), str(other)], "demo", "boris")


@pytest.mark.parametrize(
    ("duration_s", "programme"),
    [(1.5, False), (8.0, False), (8.1, True), (240.0, True), (None, False)],
)
def test_the_length_decides_where_a_video_opens(duration_s, programme) -> None:
    assert is_programme(duration_s) is programme


def test_the_programme_that_ships_opens_at_once_with_its_video(jobs_of) -> None:
    files = example_files()
    assert sum(Path(file).stat().st_size for file in files) < 2 * 2**20
    job = begin(jobs_of(StepByStep()), files, "demo", "boris")
    assert (job.state, job.opened) == ("done", True)
    assert {element.family for element in job.programme.elements} == {"combination", "jump", "spin"}
    assert Path(job.request.path).stat().st_size == Path(files[0]).stat().st_size
    for place in analysis_places(job.programme):
        assert load(job.programme_folder / place).video.path == Path(files[0]).name
