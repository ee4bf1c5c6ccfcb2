"""`table.md`: the paper's Tables II and III, our figures beside the paper's, and what is beyond.

Built from the content of `summary.json` alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipeline.classification.ensemble import LEADERBOARD
from pipeline.elements import LABELS

NAMES = {
    "umt": "Unmasked Teacher, fused",
    "uniformerv2": "UniFormerV2",
    "infogcn": "InfoGCN",
    "vote": "vote",
    "weighted": "weighted sum",
}
SIMULATED = (
    "These clips are simulated; the paper's figures are of the challenge's real video. "
    "They stand side by side for orientation and cannot be compared."
)
CONFUSIONS = 10
"""So many of the most frequent confusions are listed."""
FAILURES = 20
"""So many of the clips that could not be analysed are listed."""


def table(content: Mapping[str, Any]) -> str:
    """The text of `table.md` from that of `summary.json`."""
    parts = [_head(content)]
    if content["models"]:
        parts += [_models(content), _ensembles(content), _fusions(content), _beyond(content)]
        parts += [_pairs(content), _classes(content), _confusions(content)]
    parts.append(_missed(content))
    return "\n".join(part for part in parts if part)


def _head(content: Mapping[str, Any]) -> str:
    lines = [
        f"# {content['title']}",
        "",
        f"{content['clips']} clips, {content['labelled']} with known classes, "
        f"{len(content['missed'])} that could not be analysed"
        f"{' (counted as wrong)' if content['missed'] else ''}. "
        "Accuracies are means over the classes that occur (the paper's equation 1) in percent; "
        "brackets hold 95 % intervals, from source videos drawn with replacement.",
    ]
    simulated = [SIMULATED] if (content.get("data") or {}).get("simulated") else []
    lines += [f"\n**{note}**" for note in (*simulated, *content.get("notes", ()))]
    if not content["models"]:
        lines.append("\nNo class is known, so there are no figures; see `predictions.parquet`.")
    return "\n".join(lines) + "\n"


def _models(content: Mapping[str, Any]) -> str:
    rows = []
    for name, entry in content["models"].items():
        views = content["views"].get(name, "")
        one = _percent(entry["one_view_mean_class_accuracy"])
        rows.append(
            [NAMES.get(name, name), views if name != "umt" else "", one, *_figures(entry),
             _paper(name)]
        )  # fmt: skip
    head = ["model", "views", "one view", "all views", "top-1", "macro-F1", "ECE"]
    return _section("Models", [*head, _paper_head(content)], rows)


def _paper_head(content: Mapping[str, Any]) -> str:
    """The head of the paper's column."""
    simulated = (content.get("data") or {}).get("simulated")
    return "paper, on real clips" if simulated else "paper"


def _ensembles(content: Mapping[str, Any]) -> str:
    rows = []
    for name, entry in content["ensemble"].items():
        weights = entry.get("weights")
        rows.append(
            [NAMES[name], _weights(weights) if weights else "", *_figures(entry),
             _paper(name)]
        )  # fmt: skip
    if not rows:
        return ""
    head = ["ensemble", "weights", "all views", "top-1", "macro-F1", "ECE"]
    return _section("Ensembles", [*head, _paper_head(content)], rows)


def _paper(name: str) -> str:
    return f"{LEADERBOARD[name]:.2f}" if name in LEADERBOARD else ""


def _fusions(content: Mapping[str, Any]) -> str:
    rows = [
        [f"`{rule}`", *(_percent(entry[name]) for name in ("umt", "vote", "weighted"))]
        for rule, entry in content["umt_fusions"].items()
    ]
    if not rows:
        return ""
    note = (
        "The paper: aggregate the probabilities of the variants, then softmax. `mean` takes that "
        "as their mean; the other two take it literally, which flattens the fused probabilities "
        "and so Unmasked Teacher's say in the weighted sum."
    )
    head = ["fusion of the variants", "Unmasked Teacher", "vote", "weighted sum"]
    return _section("Fusing the Unmasked Teachers", head, rows, note)


def _beyond(content: Mapping[str, Any]) -> str:
    rows = [
        [f"weighted sum without {NAMES[name]}", _percent(value), ""]
        for name, value in content["left_out"].items()
    ]
    fitted = content.get("fitted_on_validation")
    if fitted:
        for name, entry in fitted["ensemble"].items():
            what = {"weights": "fitted weights", "weights_tempered": "temperatures, then weights"}
            rows.append(
                [f"{what[name]} ({_weights(entry['weights'])})",
                 _percent(entry["mean_class_accuracy"]), _number(entry["ece"])]
            )  # fmt: skip
        for name, entry in fitted["models"].items():
            temperature = fitted["temperatures"][name]
            rows.append(
                [f"{NAMES.get(name, name)}, temperature {temperature:.2f}",
                 _percent(entry["mean_class_accuracy"]), _number(entry["ece"])]
            )  # fmt: skip
    if not rows:
        return ""
    note = (
        f"Weights and temperatures fitted on {fitted['clips']} validation clips of other sources."
        if fitted
        else "Fitted weights and temperatures: give the predictions of the val split with "
        "`--validation FILE`."
    )
    return _section("Beyond the paper", ["what", "mean class accuracy", "ECE"], rows, note)


def _pairs(content: Mapping[str, Any]) -> str:
    rows = [
        [*(NAMES.get(name, name) for name in entry["models"]), entry["only_first"],
         entry["only_second"], f"{entry['p_value']:.2g}"]
        for entry in content["mcnemar"]
    ]  # fmt: skip
    if not rows:
        return ""
    head = ["first", "second", "only the first is right", "only the second", "p (McNemar)"]
    return _section("Do they err alike?", head, rows)


def _classes(content: Mapping[str, Any]) -> str:
    voters = [*content["models"], *content["ensemble"]]
    rows = [
        [label, entry["clips"], *(_percent(entry[name]) for name in voters)]
        for label, entry in content["per_class"].items()
    ]
    head = ["class", "clips", *(NAMES.get(name, name) for name in voters)]
    return _section("Classes", head, rows)


def _confusions(content: Mapping[str, Any]) -> str:
    last = next(reversed(content["confusion"]))
    found = [
        (count, LABELS[i], LABELS[j])
        for i, row in enumerate(content["confusion"][last])
        for j, count in enumerate(row)
        if i != j and count
    ]
    found.sort(key=lambda entry: -entry[0])
    rows = [[true, taken, count] for count, true, taken in found[:CONFUSIONS]]
    if not rows:
        return ""
    head = ["shown", "taken for", "clips"]
    return _section(f"Most frequent confusions of {NAMES.get(last, last)}", head, rows)


def _missed(content: Mapping[str, Any]) -> str:
    """Clips that could not be analysed, at the end, with the reason where it is known."""
    missed, failed = content["missed"], content.get("failed", {})
    if not missed:
        return ""
    rows = [[_plain(stem), _plain(failed.get(stem, ""))] for stem in missed[:FAILURES]]
    rest = len(missed) - len(rows)
    note = f"And {rest} more; all are in `summary.json`." if rest else ""
    return _section("Could not be analysed", ["clip", "why"], rows, note)


def _plain(text: str) -> str:
    return text.replace("|", "\\|")


def _figures(entry: Mapping[str, Any]) -> list[str]:
    low, high = (100 * value for value in entry["interval_95"])
    return [
        f"**{_percent(entry['mean_class_accuracy'])}** [{low:.1f}, {high:.1f}]",
        _percent(entry["top1"]),
        _percent(entry["macro_f1"]),
        _number(entry["ece"]),
    ]


def _percent(share: float) -> str:
    return f"{100 * share:.2f}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _weights(weights: Mapping[str, float]) -> str:
    return " / ".join(f"{weight:.3f}" for weight in weights.values())


def _section(
    title: str, head: Sequence[str], rows: Iterable[Sequence[object]], note: str = ""
) -> str:
    lines = [f"## {title}", ""]
    if note:
        lines += [note, ""]
    lines += [_row(head), _row(["---"] * len(head)), *(_row(row) for row in rows)]
    return "\n".join(lines) + "\n"


def _row(cells: Iterable[object]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"
