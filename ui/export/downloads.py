"""Tables to take away from the page as CSV: links that hold the whole file."""

from __future__ import annotations

from html import escape
from urllib.parse import quote

import pandas as pd

from ui.language.tables import say


def csv_link(table: pd.DataFrame, name: str) -> str:
    """A link that saves a table.

    Args:
        table: Its columns are the file's.
        name: Of the file, without an ending.
    """
    content = quote(table.to_csv(index=False))
    return (
        f'<a class="rs-take" download="{escape(name)}.csv" '
        f'href="data:text/csv;charset=utf-8,{content}">{escape(say("mistakes_csv"))}</a>'
    )
