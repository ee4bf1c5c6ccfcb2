"""Chooses the page's language: the browser's by default, else what the visitor chose on the page.

The choice stays in the browser. A script that runs before gradio's tells it to gradio, which
translates labels by `navigator.language`, and to the server, which reads `Accept-Language`.
"""

from __future__ import annotations

import json
from html import escape

from ui.language import LANGUAGES, say, spoken

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
"""For `launch(head=...)`."""


def language_select() -> str:
    """The choice of a language as HTML, on the one that is spoken."""
    options = "".join(
        f'<option value="{language}" lang="{language}"{" selected" * (language == spoken())}>'
        f"{NAMES[language]}</option>"
        for language in LANGUAGES
    )
    name = escape(say("hero_language"))
    return f'<label class="rs-language">{name} <select id="language">{options}</select></label>'
