"""Issue 17, "Job identity": a programme is found by its address, whatever became of the page."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import new_context
from tests.e2e.programme.joined import EXAMPLES, join_clips

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
READ_MS = 600_000
ELEMENT = "#programme-list [role=option]"
FOUND_BEFORE_THE_END = f"""() => document.querySelector('{ELEMENT}')
  && document.querySelector('#programme-state progress')"""


@pytest.fixture(scope="module")
def programme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """30 s, more than a moment's work: a jump, steps, a spin, a jump, a jump, steps."""
    names = ("2Axel", "Sequence", "SitSpin", "3Lutz", "2Axel", "Sequence")
    clips = [EXAMPLES / f"{name}.mp4" for name in names]
    return join_clips(clips, tmp_path_factory.mktemp("joined") / "free.mp4")


def upload(page, path: Path) -> None:
    """On the desk, which hands it over."""
    page.set_input_files("#upload input[type=file]", str(path))


def ask(address: str, *, method: str = "GET", content: bytes | None = None) -> dict[str, object]:
    request = urllib.request.Request(address, method=method, data=content)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def read_through(job: str) -> dict[str, object]:
    """Wait until a job is over; how it stands."""
    end = time.monotonic() + READ_MS / 1000
    while (status := ask(job))["state"] in ("waiting", "reading"):
        assert time.monotonic() < end
        time.sleep(0.5)
    return status


def test_a_programme_outlives_its_page(browser, desk, app_url, programme) -> None:
    """Uploaded, loaded again, closed and opened by its address, cancelled, continued, taken."""
    page = desk
    upload(page, programme)
    page.wait_for_function(FOUND_BEFORE_THE_END, timeout=READ_MS)
    page.wait_for_url(re.compile("programme="))
    address = page.url
    job_id = re.search(r"programme=([\w-]{20,})", address)[1]
    page.reload()
    page.wait_for_selector("#programme-state progress", timeout=120_000)
    assert page.url == address
    page.close()

    context = new_context(browser, viewport={"width": 390, "height": 844})  # somebody else's
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("#programme-cancel:visible", timeout=120_000)
    page.click("#programme-cancel")
    page.wait_for_selector("#programme-continue:visible", timeout=120_000)
    expect(page.locator("#programme-state")).to_contain_text("cancelled")
    page.click("#programme-continue")
    page.wait_for_selector("#programme-state:has-text('done; elements found')", timeout=READ_MS)
    status = ask(f"{app_url}/rinkside/programmes/{job_id}")
    assert (status["state"], status["name"]) == ("done", "free.mp4")
    found = ask(f"{app_url}/rinkside/programmes/{job_id}/result")
    assert len(found["elements"]) == status["elements"] > 1
    expect(page.locator(ELEMENT)).to_have_count(status["elements"])
    context.close()
    assert str(programme.parent) not in json.dumps(found)


def test_a_program_starts_a_job_that_a_page_finds(visit, app_url, programme) -> None:
    """The same ids serve the API; what was read before is found at once."""
    asked = f"{app_url}/rinkside/programmes?name=free.mp4"
    told = ask(asked, method="POST", content=programme.read_bytes())
    status = read_through(f"{app_url}/rinkside/programmes/{told['id']}")
    assert status["state"] == "done"
    page = visit()
    page.goto(app_url + told["page"])
    page.wait_for_selector(f"{ELEMENT} >> nth=0", timeout=120_000)
    page.goto(f"{app_url}/?programme=nothing")
    page.wait_for_selector("#programme-note:has-text('no programme at this address')")


def test_a_saved_programme_opens_again(desk, app_url, programme, tmp_path) -> None:
    told = ask(
        f"{app_url}/rinkside/programmes?name=free.mp4", method="POST",
        content=programme.read_bytes(),
    )  # fmt: skip
    own = f"{app_url}/rinkside/programmes/{told['id']}"
    read_through(own)
    saved = tmp_path / "free.zip"
    urllib.request.urlretrieve(f"{own}/programme.zip", saved)
    upload(desk, saved)
    desk.wait_for_selector("#programme-state:has-text('done; elements found')", timeout=120_000)
    expect(desk.locator(ELEMENT)).to_have_count(len(ask(f"{own}/result")["elements"]))
    desk.wait_for_url(re.compile("programme="))
    assert told["id"] not in desk.url
