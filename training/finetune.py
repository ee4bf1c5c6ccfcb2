"""`python -m training.finetune RECIPE.toml [--set KEY=VALUE]... [--resume]`: train a network."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shlex
import sys
from pathlib import Path

from accelerate import PartialState

from models.command_line import Parser, StatusLine, readable_time, run_command
from pipeline.errors import ConfigError
from pipeline.settings import with_new_keys
from training.engine import Engine, Outcome, use_machine
from training.engine.checkpoints import newest_checkpoint, write_json, writing
from training.recipe import Recipe, read_recipe, read_toml
from training.release.redaction import override_without_places
from training.tasks import TASKS

RECIPES = Path(__file__).with_name("recipes")
RUNS = Path("out/runs")
RECIPE, COMMAND = "recipe.json", "command.txt"


def _parser(
    prog: str = "python -m training.finetune", default: Path | None = None
) -> argparse.ArgumentParser:
    parser = Parser(prog=prog, description=__doc__)
    parser.add_argument(
        "recipe",
        type=Path,
        nargs="?" if default else None,
        default=default,
        metavar="RECIPE.toml",
        help="see training/recipes/",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="replace a setting, e.g. optim.lr=1e-4",
    )
    parser.add_argument("--resume", action="store_true", help="continue the run in its folder")
    parser.add_argument(
        "--out", type=Path, metavar="RUN", help=f"folder of the run ({RUNS}/<name> by default)"
    )
    parser.add_argument(
        "--data-only",
        action="store_true",
        help="prepare the recipe's training data, then stop",
    )
    parser.add_argument(
        "--device", choices=("cpu", "cuda"), default="", help="default: cuda if available"
    )
    return parser


def load_recipe(path: Path, overrides: list[str]) -> Recipe:
    """A recipe of whatever kind its `task` says.

    Raises:
        ConfigError: Names the file, the key and what was expected.
    """
    content = read_toml(path, overrides)
    kind = TASKS.get(str(content.get("task")))
    if kind is None:
        known = ", ".join(TASKS)
        raise ConfigError(f"{path}: task must be one of {known}, got {content.get('task')!r}")
    return read_recipe(kind.recipe, content, source=str(path))


def command_of(recipe: Path, overrides: list[str]) -> str:
    """What began a run, for others to type: without this machine's folders."""
    file, shipped = recipe.resolve(), RECIPES.resolve()
    known = file.is_file() and file.is_relative_to(shipped)
    name = f"training/recipes/{file.relative_to(shipped).as_posix()}" if known else recipe.name
    settings = [override_without_places(override) for override in overrides]
    return shlex.join(
        ["python", "-m", "training.finetune", name, *(w for s in settings for w in ("--set", s))]
    )


def train(
    recipe: Recipe,
    folder: Path,
    *,
    resume: bool,
    device: str = "",
    status: StatusLine,
    command: str = "",
) -> Outcome:
    """Train by a recipe in a folder.

    Args:
        recipe: What to do.
        folder: Of the run.
        resume: Go on with the run that it holds.
        device: Empty: the best.
        status: Told how it goes.
        command: What to type for the same run; kept in the folder.

    Raises:
        InputError: The folder holds another run, the data is not there, the loss is not a number,
            the disk is full.
    """
    _check_folder(recipe, folder, resume=resume)
    use_machine(recipe.engine)
    engine = Engine(
        TASKS[recipe.task].build(recipe, status),
        recipe.optim,
        recipe.engine,
        folder=folder,
        seed=recipe.seed,
        device=device,
        status=status,
    )
    processes = PartialState()  # as the engine found them
    if processes.is_main_process:
        _describe(recipe, folder, "" if resume else command)
    processes.wait_for_everyone()
    return engine.run()


def _describe(recipe: Recipe, folder: Path, command: str) -> None:
    """Note in a run's folder what is done there, and the command, if any, that began it."""
    with writing(folder, remedy="free some space, or give another folder with --out"):
        folder.mkdir(parents=True, exist_ok=True)
        write_json(dataclasses.asdict(recipe), folder / RECIPE)
        if command:
            (folder / COMMAND).write_text(f"{command}\n", encoding="utf-8")


def _check_folder(recipe: Recipe, folder: Path, *, resume: bool) -> None:
    """A run is continued on purpose and with the experiment it was begun with, or not at all."""
    begun = newest_checkpoint(folder)
    if resume and begun is None:
        raise ConfigError(f"{folder}: contains no checkpoint to resume from; leave --resume out")
    if begun is None:
        return
    if not resume:
        raise ConfigError(
            f"{folder}: already holds a run (at {begun.name}); continue it with --resume, "
            "or give another folder with --out"
        )
    before = with_new_keys(json.loads((folder / RECIPE).read_text(encoding="utf-8")))
    now = json.loads(json.dumps(dataclasses.asdict(recipe)))
    changed = [key for key in _differing(before, now) if not key.startswith("engine.")]
    if changed:
        raise ConfigError(
            f"{folder}: was begun with other settings ({', '.join(changed)}); "
            "only [engine] may change on --resume"
        )


def _differing(before: object, now: object, prefix: str = "") -> list[str]:
    if not isinstance(before, dict) or not isinstance(now, dict):
        return [] if before == now else [prefix]
    return [
        changed
        for key in {**before, **now}
        for changed in _differing(
            before.get(key), now.get(key), f"{prefix}.{key}" if prefix else str(key)
        )
    ]


def main(arguments: list[str] | None = None, *, prog: str = "", default: Path | None = None) -> int:
    """0 done, 2 bad input or configuration (one line on stderr), 130 interrupted.

    Args:
        arguments: Words of the command line.
        prog: Name of another command that trains by a recipe of its own.
        default: That recipe.
    """
    parser = _parser(prog, default) if prog else _parser()
    parsed = parser.parse_args(arguments)
    # Of the processes that `accelerate launch` starts, one speaks for all.
    main_process = os.environ.get("RANK", "0") == "0"
    status = StatusLine(active=main_process)

    def command() -> int:
        recipe = load_recipe(parsed.recipe, parsed.set)
        if parsed.data_only:
            use_machine(recipe.engine)
            TASKS[recipe.task].build(recipe, status)
            return 0
        folder = parsed.out or RUNS / recipe.name
        outcome = train(
            recipe,
            folder,
            resume=parsed.resume,
            device=parsed.device,
            status=status,
            command=command_of(parsed.recipe, parsed.set),
        )
        if main_process:
            sys.stdout.write(_summary(outcome, folder) + "\n")
        return 130 if outcome.interrupted else 0

    return run_command(command, status)


def _summary(outcome: Outcome, folder: Path) -> str:
    lines = [f"{name:<24} {value:.4f}" for name, value in outcome.metrics.items()]
    if outcome.position.best is not None:
        lines.append(f"{'best':<24} {outcome.position.best:.4f}")
    spent = readable_time(outcome.position.elapsed_s)
    state = "finished" if outcome.finished else "not finished; continue with --resume"
    return "\n".join([*lines, f"{folder}: {state} after {outcome.position.step} steps, {spent}"])


if __name__ == "__main__":
    sys.exit(main())
