"""One HTML document that holds the page whole: scripts, styles, texts and the run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from laboratory.page.words import words_for

_STATIC = Path(__file__).with_name("static")
SCRIPTS = ("columns.js", "filter.js", "parts.js", "matrix.js", "tables.js", "main.js")
"""In the order in which they need one another."""


def document(run: Mapping[str, Any], *, language: str = "en") -> str:
    """The page of a run as `laboratory.page.payload` makes it."""
    texts = words_for(language)
    script = "\n".join((_STATIC / name).read_text(encoding="utf-8") for name in SCRIPTS)
    style = (_STATIC / "laboratory.css").read_text(encoding="utf-8")
    content = {"run": run, "words": texts, "language": language}
    title = escape(f"{run['title']} - {texts['laboratory']}")
    return (
        f'<!doctype html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        # Nothing is fetched, and no word of a stem can become a script.
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:\">\n"
        f"<title>{title}</title>\n<style>\n{style}\n</style>\n</head>\n<body>\n"
        f'<main id="laboratory"></main>\n'
        f'<script type="application/json" id="run">{in_script(content)}</script>\n'
        f"<script>\n(() => {{\n{script}\n}})();\n</script>\n</body>\n</html>\n"
    )


def in_script(content: object) -> str:
    """JSON that may stand inside a script element, whatever its texts are."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text
