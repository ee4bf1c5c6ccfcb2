"""Chooses the page's language: the browser's by default, else what the visitor chose on the page.

The choice stays in the browser. A script that runs before gradio's tells it to gradio, which
translates labels by `navigator.language`, and to the server, which reads `Accept-Language`.
"""

from __future__ import annotations

import json
from html import escape

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.language.tables import LANGUAGES, say, spoken

NAMES = {"en": "English", "zh": "简体中文", "zh-Hant": "繁體中文", "ja": "日本語"}
"""Each in its own words."""
LOCALES = {"en": "en", "zh": "zh-CN", "zh-Hant": "zh-TW", "ja": "ja"}
"""Under these names gradio has texts of its own."""

_SCRIPT = """
(() => {
  const locales = LOCALES, place = 'rinkside-language';
  const table = tag => /^zh-(hant|tw|hk|mo)\\b/i.test(tag)
    ? 'zh-Hant' : Object.keys(locales).find(known => known === tag.toLowerCase().split('-')[0]);
  let chosen = null;
  try { chosen = localStorage.getItem(place); } catch { /* a browser that keeps nothing */ }
  const language = locales[chosen] ? chosen : navigator.languages.map(table).find(Boolean) || 'en';
  const read = value => ({configurable: true, get: () => value});
  Object.defineProperty(navigator, 'language', read(locales[language]));
  Object.defineProperty(navigator, 'languages', read([locales[language]]));
  document.documentElement.lang = language;
  const fetched = window.fetch;
  window.fetch = (resource, options = {}) => {
    const request = resource instanceof Request ? resource : null;
    const url = new URL(request ? request.url : resource, location.href);
    if (url.origin !== location.origin) return fetched(resource, options);
    const headers = new Headers(options.headers || (request ? request.headers : {}));
    headers.set('Accept-Language', locales[language]);
    return fetched(resource, {...options, headers});
  };
  document.addEventListener('change', ({target}) => {
    if (target.id !== 'language') return;
    try { localStorage.setItem(place, target.value); } catch { return; }
    location.reload();
  });
})();
"""

HEAD = f"<script>{_SCRIPT.replace('LOCALES', json.dumps(LOCALES))}</script>"
"""First in the page's head; what `launch(head=...)` adds comes after gradio chose a language."""


class LanguageFirst:
    """Puts the script into the page, before any other.

    Args:
        app: What serves the page.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything through but the page itself."""
        path = scope.get("path", "").removeprefix(scope.get("root_path", ""))
        if scope["type"] != "http" or scope["method"] != "GET" or path.strip("/"):
            await self._app(scope, receive, send)
            return
        start: Message = {}
        body = b""

        async def changed(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            body += message.get("body", b"")
            if message.get("more_body"):
                return
            whole = body.replace(b"<head>", b"<head>" + HEAD.encode(), 1)
            headers = MutableHeaders(raw=list(start["headers"]))
            headers["content-length"] = str(len(whole))
            await send({**start, "headers": headers.raw})
            await send({"type": "http.response.body", "body": whole})

        await self._app(scope, receive, changed)


def language_select() -> str:
    """The choice of a language as HTML, on the one that is spoken."""
    options = "".join(
        f'<option value="{language}" lang="{language}"{" selected" * (language == spoken())}>'
        f"{NAMES[language]}</option>"
        for language in LANGUAGES
    )
    name = escape(say("hero_language"))
    return f'<label class="rs-language">{name} <select id="language">{options}</select></label>'
