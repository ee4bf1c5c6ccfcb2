"""The app starts on a busy machine too."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import ROOT

STARTED = """
import gradio as gr, gradio.networking
from ui.launch import serve
from ui.player import ClipShelf
gradio.networking.url_ok = lambda url: False
with gr.Blocks() as app:
    gr.HTML("skating")
serve(app, ClipShelf(), host="127.0.0.1", port=None)
print("started")
app.close()
"""
"""Where gradio finds that the first answer takes more than three seconds."""


@pytest.mark.slow
def test_a_late_first_answer_is_no_reason_not_to_start() -> None:
    """Gradio asked for the page once, and raised "localhost is not accessible"."""
    run = subprocess.run(
        [sys.executable, "-c", STARTED], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert "started" in run.stdout, run.stderr
