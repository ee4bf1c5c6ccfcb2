"""An evaluation's tables in full, in the visitor's language: `table.md` on disk stays English.

Built from the content of `summary.json`, as `table.md` is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipeline.classification.ensemble import LEADERBOARD
from pipeline.elements import LABELS
from ui.evaluations.run_folder import Evaluation
from ui.evaluations.views import comparison_note
from ui.language.names import class_name, display_name
from ui.language.tables import say


def full_tables(evaluation: Evaluation) -> str:
    """Markdown; empty where no class is known."""
    content = evaluation.summary
    if not evaluation.voters:
        return ""
    parts = [
        _about(content),
        comparison_note(evaluation),
        _models(content),
        _ensembles(content),
        _fusions(content),
    ]
    parts += [_beyond(content), _pairs(content), _classes(evaluation)]
    return "\n\n".join(part for part in parts if part)


def _about(content: Mapping[str, Any]) -> str:
    missed = len(content.get("missed", ()))
    return say("tables_about", clips=content.get("clips", 0), missed=missed)


def _models(content: Mapping[str, Any]) -> str:
    views = content.get("views", {})
    rows = [
        [display_name(name), views.get(name, "") if name != "umt" else "",
         _percent(entry.get("one_view_mean_class_accuracy")), *_metrics(entry), _paper(name)]
        for name, entry in content["models"].items()
    ]  # fmt: skip
    head = [say("mistakes_model"), say("tables_views"), say("tables_one_view"), *_heads(content)]
    return _section(say("scores_models"), head, rows)


def _ensembles(content: Mapping[str, Any]) -> str:
    rows = [
        [display_name(name), _weights(entry.get("weights") or {}), *_metrics(entry), _paper(name)]
        for name, entry in content["ensemble"].items()
    ]
    head = [say("about_ensemble_title"), say("details_weights"), *_heads(content)]
    return _section(say("tables_ensembles"), head, rows)


def _fusions(content: Mapping[str, Any]) -> str:
    names = ("umt", "vote", "weighted")
    rows = [
        [f"`{rule}`", *(_percent(entry.get(name)) for name in names)]
        for rule, entry in content.get("umt_fusions", {}).items()
    ]
    return _section(say("tables_fusions"), ["", *map(display_name, names)], rows)


def _beyond(content: Mapping[str, Any]) -> str:
    rows = [
        [say("tables_without", model=display_name(name)), _percent(value), ""]
        for name, value in content.get("left_out", {}).items()
    ]
    fitted = content.get("fitted_on_validation") or {}
    for name, entry in fitted.get("ensemble", {}).items():
        what = say(f"tables_{name}" if name == "weights_tempered" else "tables_weights")
        rows.append([f"{what} ({_weights(entry['weights'])})", *_two(entry)])
    for name, entry in fitted.get("models", {}).items():
        temperature = f"{fitted['temperatures'][name]:.2f}"
        what = say("tables_temperature", model=display_name(name), temperature=temperature)
        rows.append([what, *_two(entry)])
    head = ["", say("mistakes_ours"), say("mistakes_ece")]
    return _section(say("tables_beyond"), head, rows)


def _pairs(content: Mapping[str, Any]) -> str:
    rows = [
        [*map(display_name, entry["models"]), entry["only_first"], entry["only_second"],
         f"{entry['p_value']:.2g}"]
        for entry in content.get("mcnemar", ())
    ]  # fmt: skip
    head = [say(f"tables_{key}") for key in ("first", "second", "only_first", "only_second")]
    return _section(say("tables_pairs"), [*head, "p (McNemar)"], rows)


def _classes(evaluation: Evaluation) -> str:
    rows = [
        [_class_name(label), entry.get("clips", ""),
         *(_percent(entry.get(voter)) for voter in evaluation.voters)]
        for label, entry in evaluation.summary["per_class"].items()
    ]  # fmt: skip
    head = [say("scores_class"), say("mistakes_counts"), *map(display_name, evaluation.voters)]
    return _section(say("mistakes_classes"), head, rows)


def _class_name(label: str) -> str:
    """A class's name as skaters call it; a label that is not one of the 28 stays."""
    return class_name(LABELS.index(label)) if label in LABELS else label


def _heads(content: Mapping[str, Any]) -> list[str]:
    simulated = (content.get("data") or {}).get("simulated")
    keys = ("mistakes_ours", "mistakes_top1", "mistakes_f1", "mistakes_ece")
    return [*map(say, keys), say("mistakes_paper_real" if simulated else "mistakes_paper")]


def _metrics(entry: Mapping[str, Any]) -> list[str]:
    mean = f"**{_percent(entry.get('mean_class_accuracy'))}**"
    if entry.get("interval_95"):
        low, high = (100 * value for value in entry["interval_95"])
        mean += f" [{low:.1f}, {high:.1f}]"
    return [mean, _percent(entry.get("top1")), _percent(entry.get("macro_f1")), _ece(entry)]


def _two(entry: Mapping[str, Any]) -> list[str]:
    return [_percent(entry.get("mean_class_accuracy")), _ece(entry)]


def _paper(name: str) -> str:
    return f"{LEADERBOARD[name]:.2f}" if name in LEADERBOARD else ""


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.2f}"


def _ece(entry: Mapping[str, Any]) -> str:
    return "" if entry.get("ece") is None else f"{entry['ece']:.3f}"


def _weights(weights: Mapping[str, float]) -> str:
    return " / ".join(f"{weight:.3f}" for weight in weights.values())


def _section(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table under its title; empty without a row."""
    lines = [_row(row) for row in rows]
    if not lines:
        return ""
    return "\n".join([f"## {title}", "", _row(head), _row(["---"] * len(head)), *lines])


def _row(cells: Iterable[object]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"
