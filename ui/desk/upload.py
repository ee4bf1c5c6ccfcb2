"""A field that takes files."""

from __future__ import annotations

from typing import Any

import gradio as gr


def upload_field(title: Any, **options: Any) -> gr.File:
    """A field for files of any name.

    Without file types, by which gradio and the browser would refuse names: an ending may be absent
    or wrong. What is read is `pipeline.video.probing.formats`; the content of a file decides.
    """
    return gr.File(label=title, **{"height": 120, **options})
