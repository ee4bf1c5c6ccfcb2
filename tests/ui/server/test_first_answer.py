"""The app starts on a busy machine too."""

from __future__ import annotations

import urllib.request

import gradio as gr
import pytest

from tests.e2e.conftest import free_port
from ui.launch import serve
from ui.player import ClipShelf


@pytest.mark.filterwarnings("ignore")
def test_a_first_answer_after_three_seconds_is_no_reason_not_to_start(monkeypatch) -> None:
    """Gradio asked for the page once, and raised "localhost is not accessible"."""
    monkeypatch.setattr("gradio.networking.url_ok", lambda url: False)
    with gr.Blocks() as app:
        gr.HTML("skating")
    port = free_port()
    serve(app, ClipShelf(), host="127.0.0.1", port=port)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}", timeout=60) as answer:
            assert answer.status == 200
    finally:
        app.close()
