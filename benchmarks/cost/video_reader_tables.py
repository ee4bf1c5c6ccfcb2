"""The tables of `benchmarks.cost.video_readers`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """Of reading one clip."""

    seconds: float
    """From opening the file to the last frame, best of a few runs."""
    peak_mib: float
    """Largest resident memory of the process."""


def exactness_table(found: dict[str, dict[str, dict[str, str]]]) -> str:
    """As Markdown; one word where both ways of reading agree."""
    readers = list(next(iter(found.values())))
    rows = [f"| file | {' | '.join(readers)} |", f"|---|{'---|' * len(readers)}"]
    for name, by_reader in found.items():
        cells = [
            next(iter(verdict.values()))
            if len(set(verdict.values())) == 1
            else "; ".join(
                f"{'in order' if way == 'all' else way}: {what}" for way, what in verdict.items()
            )
            for verdict in by_reader.values()
        ]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(rows)


def cost_table(measured: dict[str, dict[str, Cost]]) -> str:
    """As Markdown, seconds and MiB."""
    tasks = list(next(iter(measured.values())))
    rows = [f"| library | {' | '.join(tasks)} |", f"|---|{'---|' * len(tasks)}"]
    for reader, by_task in measured.items():
        cells = [f"{cost.seconds:.2f} s, {cost.peak_mib:.0f} MiB" for cost in by_task.values()]
        rows.append(f"| {reader} | {' | '.join(cells)} |")
    return "\n".join(rows)
