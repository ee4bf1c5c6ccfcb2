"""`python -m training.report RUN --out page/`: an evaluation as a page that opens without a server.

Writes `index.html`, which holds all that it shows: figures with intervals, the confusion matrix,
worst slices, queues and the list of clips, to be filtered by a click. The part of its address
behind `#` is the view, so that a link to it opens the same one. Labels that a researcher corrected
(`RUN/verdicts.jsonl`) count as corrected.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from laboratory.page.document import document
from laboratory.page.payload import payload
from laboratory.page.words import LANGUAGES
from laboratory.table.clips import read_table
from laboratory.verdicts.corrected import corrected_table
from laboratory.verdicts.record import read_record
from models.atomic_files import write_text
from models.command_line import Parser, StatusLine, run_command
from pipeline.errors import write_error
from pipeline.storage.output_folder import check_place

PAGE = "index.html"


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m training.report", description=__doc__)
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of training.evaluate")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder to write to")
    parser.add_argument("--language", choices=LANGUAGES, default="en")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """0 done, 2 bad input (one line on stderr), 130 interrupted."""
    parsed = _parser().parse_args(arguments)
    status = StatusLine()
    return run_command(lambda: _run(parsed, status), status)


def _run(parsed: argparse.Namespace, status: StatusLine) -> int:
    check_place(parsed.out)
    table, record = read_table(parsed.run), read_record(parsed.run)
    table = corrected_table(table, record)
    status.show(f"{len(table)} clips", None)
    title, simulated = _told(parsed.run)
    page = document(payload(table, title=title, simulated=simulated), language=parsed.language)
    try:
        parsed.out.mkdir(parents=True, exist_ok=True)
        write_text(parsed.out / PAGE, page)
    except OSError as error:
        raise write_error(parsed.out, error) from error
    status.close()
    if record.decisions:
        status.say(f"labels corrected by {len(record.decisions)} decisions of verdicts.jsonl")
    for problem in table.problems:
        status.say(f"{problem.reason}: {problem.count}, such as {problem.example}")
    sys.stdout.write(f"written to {parsed.out / PAGE}\n")
    return 0


def _told(run: Path) -> tuple[str, bool]:
    """The run's title and whether its clips are simulated, as far as `summary.json` tells."""
    try:
        content: dict[str, Any] = json.loads((run / "summary.json").read_text(encoding="utf-8"))
        data = content.get("data") or {}
        return str(content.get("title", run.name)), data.get("simulated") is True
    except (OSError, ValueError, AttributeError):
        return run.resolve().name, False


if __name__ == "__main__":
    sys.exit(main())
