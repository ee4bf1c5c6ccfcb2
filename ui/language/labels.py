"""Labels that the browser translates (gr.I18n), from the same tables as everything else."""

from __future__ import annotations

from typing import TypeVar

import gradio as gr
from gradio.context import LocalContext
from gradio.i18n import I18nData

from ui.language.choice import LOCALES
from ui.language.tables import LANGUAGES, listen_to, preferred, words

T = TypeVar("T")

I18N = gr.I18n(**{LOCALES[language]: words(language) for language in LANGUAGES})
"""For `launch(i18n=...)`."""


def label(key: str) -> I18nData:
    """A text that the visitor's browser looks up.

    Raises:
        KeyError: The tables have no such key.
    """
    if key not in words(LANGUAGES[0]):
        raise KeyError(f"{key}: ui/words has no such text")
    return I18N(key)


def choice(key: str, value: T) -> tuple[str, T]:
    """An entry of a Radio or Dropdown: its text is looked up by the browser.

    Raises:
        KeyError: The tables have no such key.
    """
    return str(label(key)), value


def language_of(request: gr.Request | None) -> str:
    """The language of the browser behind a request."""
    headers = getattr(request, "headers", None)
    return preferred(headers.get("accept-language", "") if headers else "")


def _current() -> str | None:
    request = LocalContext.request.get(None)
    headers = getattr(request, "headers", None)
    return headers.get("accept-language", "") if headers else None


listen_to(_current)
