"""Issue 15, point 20: files of any name come in through the page and through its API."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from gradio_client import Client, handle_file
from playwright.sync_api import expect

from tests.videos import PLAIN, write_video

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

CAMERA = ("-c:v", "libx264", "-preset", "ultrafast")
DISC = ("-c:v", "mpeg2video", "-q:v", "2")
FILES = {
    "A.MTS": (CAMERA, "mpegts"),
    "b.m2ts": (CAMERA, "mpegts"),
    "c.3gp": (CAMERA, "3gp"),
    "d.ts": (CAMERA, "mpegts"),
    "E.MOV": (CAMERA, "mov"),
    "f.mod": (DISC, "vob"),
    "g.tod": (CAMERA, "mpegts"),
    "h.asf": (("-c:v", "wmv2"), "asf"),
    "i.ogg": (("-c:v", "libtheora"), "ogg"),
    "j.mxf": (DISC, "mxf"),
    "k.flv": (("-c:v", "flv"), "flv"),
    "l.wmv": (("-c:v", "wmv2"), "asf"),
    "m.ogv": (("-c:v", "libtheora"), "ogg"),
    "n.vob": (DISC, "vob"),
    "without an ending": (CAMERA, "mp4"),
    "wrong.jpg": (CAMERA, "mp4"),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("files")
    for name, (encoder, container) in FILES.items():
        recipe = replace(PLAIN, frames=10, fps=25, encoder=encoder, output=("-f", container))
        write_video(folder / name, recipe)
    return [folder / name for name in FILES]


def test_the_page_takes_files_of_every_name(page, files):
    for path in files:
        expect(page.locator("#upload input[type=file]")).to_have_count(1)  # empty again
        page.set_input_files("#upload input[type=file]", str(path))
        told = page.locator(f"#clip:has-text('{path.name}')")
        expect(told).to_contain_text(re.compile("320 ?x ?240"))


def test_the_api_takes_files_of_every_name(app_url, files):
    client = Client(app_url, verbose=False)
    for path in files[:2] + files[-2:]:
        answer = client.predict(
            handle_file(str(path)), "demo", None, None, "", "", api_name="/analyse"
        )
        assert f"{path.name}: no person detected in 10 frames" in str(answer), answer
