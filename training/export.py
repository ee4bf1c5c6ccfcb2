r"""`python -m training.export RUN --name NAME --licence SPDX`: a run becomes a checkpoint to ship.

Its best weights go to `checkpoints/NAME.safetensors` in half precision, under the network's own
keys, and `checkpoints/manifest.toml` gets an entry that says where they come from and what they
reach; an older entry of that name is replaced. `--out FILE` writes the weights alone.

`--average` takes the mean of the run's weights and those of earlier fine-tuning stages of the same
network: a model soup. Stages that went on from each other lie in one valley of the loss, in the
middle of which a network names what it has not seen better than at its rim (Wortsman et al., Model
soups, ICML 2022).
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from models.atomic_files import written
from models.checkpoint_files import read_metadata, read_state, sha256_of
from models.checkpoint_writing import write_safetensors
from models.command_line import Parser, StatusLine, run_command
from models.zoo import MANIFEST, Figure, family_of, read_manifest
from pipeline.errors import ConfigError
from training.engine.checkpoints import writing
from training.engine.engine import BEST
from training.finetune import COMMAND, RECIPE
from training.recipe import toml
from training.release.redaction import override_without_places, without_places


def export(run: Path, out: Path, *, average: Sequence[Path] = ()) -> str:
    """Write the best weights of a run in half precision; returns the file's sha256.

    Args:
        run: Folder of the training.
        out: File to write.
        average: Weights of the same network; the mean of them and the run's is written.

    Raises:
        ConfigError: The folder holds no run that got so far, half precision does not hold its
            weights, or others are not of the same network.
        WeightsError: A file cannot be read or written.
    """
    recipe, weights = read_run(run)
    state = _mean_state([weights, *average])
    state = {key: _halved(key, value, weights) for key, value in state.items()}
    chosen = {} if average else _selection(weights)
    write_safetensors(state, out, {"recipe": recipe["name"], **chosen})
    return sha256_of(out)


def _mean_state(files: Sequence[Path]) -> dict[str, Tensor]:
    """The mean of every weight over files of one network; what is no weight is the first one's."""
    first, *others = (read_state(file) for file in files)
    for file, state in zip(files[1:], others, strict=True):
        shapes = {key: value.shape for key, value in state.items()}
        if shapes != {key: value.shape for key, value in first.items()}:
            raise ConfigError(f"--average {file}: holds weights of another network than {files[0]}")
    if not others:
        return first
    return {
        key: torch.stack([state[key].float() for state in (first, *others)]).mean(dim=0)
        if value.is_floating_point()
        else value
        for key, value in first.items()
    }


def read_run(run: Path) -> tuple[dict[str, Any], Path]:
    """A run's recipe, as it was resolved, and its best weights.

    Raises:
        ConfigError: The folder holds no run, or one without weights.
    """
    weights = run / BEST
    try:
        recipe: dict[str, Any] = json.loads((run / RECIPE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{run}: contains no run ({error})") from error
    if not weights.exists():
        raise ConfigError(f"{weights}: is not there; the run has not been evaluated yet")
    return recipe, weights


@dataclass(frozen=True, kw_only=True)
class About:
    """What the manifest says of exported weights that the run does not know."""

    licence: str
    """SPDX name, or in words."""
    source: str = ""
    """What they were trained on, in words."""
    figures: tuple[Figure, ...] = ()
    """Measured after the run, on data that it did not see."""
    status: str = "demo"
    """What the weights are worth, `trained` or `demo`."""
    people: str = ""
    """Sets of pictures of real people that they learnt from."""
    average: tuple[Path, ...] = ()
    """Weights of the same network that the run's are averaged with."""


def manifest_entry(run: Path, *, name: str, sha256: str, about: About) -> str:
    """The entry of a run's exported weights, as TOML."""
    recipe, weights = read_run(run)
    network = recipe["network"]
    # What drops out while training is no part of the network that ships.
    given = network.get("arguments") or {}
    arguments = {key: value for key, value in given.items() if "drop" not in key}
    command = _command(run, recipe["name"])
    lines = {
        "name": name,
        "family": family_of(network["builder"]),
        "builder": network["builder"],
        **({"arguments": arguments} if arguments else {}),
        "file": f"{name}.safetensors",
        "sha256": sha256,
        "licence": about.licence,
        "source": f"made here: {shlex.split(command)[3]}, seed {recipe['seed']}"
        + (f"; mean with {_named(about.average)}" if about.average else "")
        + (f"; {about.source}" if about.source else ""),
        "status": about.status,
        **({"people": about.people} if about.people else {}),
        "figures": [
            *map(asdict, about.figures),
            *_figures(weights, command, alone=bool(about.average)),
        ],
        "note": f"data: {json.dumps(without_places(recipe.get('data', {})), sort_keys=True)}",
    }
    body = "".join(f"{key} = {toml(value)}\n" for key, value in lines.items())
    return f"[[checkpoint]]\n{body}"


def _named(files: Sequence[Path]) -> str:
    """A run's best weights go by the run's name."""
    names = [file.parent.name if file.name == BEST else file.stem for file in files]
    hashes = [sha256_of(file)[:12] for file in files]
    return ", ".join(f"{name} ({short})" for name, short in zip(names, hashes, strict=True))


def _command(run: Path, name: str) -> str:
    """What began the run; of one that did not keep it, the recipe of its name."""
    kept = run / COMMAND
    if kept.is_file():
        words = shlex.split(kept.read_text(encoding="utf-8"))
        # Once more: what began a run may have been noted by an older version, which told more.
        return shlex.join(
            override_without_places(word) if before == "--set" else word
            for before, word in pairwise(["", *words])
        )
    return f"python -m training.finetune training/recipes/{name}.toml"


def with_entry(manifest: str, name: str, entry: str) -> str:
    """A manifest's text with an entry added, or put in the place of that of the same name."""
    block = _block(manifest, name)
    if block is None:
        return f"{manifest.rstrip()}\n\n{entry}"
    return manifest[: block.start()] + entry + manifest[block.end() :]


def entry_of(manifest: str, name: str) -> str:
    """The text of a checkpoint's entry in a manifest's; empty when there is none."""
    block = _block(manifest, name)
    return "" if block is None else block[0]


def _block(manifest: str, name: str) -> re.Match[str] | None:
    pattern = r"^\[\[checkpoint\]\]\n(?:(?!\[\[|\n)[^\n]*\n)*"
    wanted = re.compile(rf'^name = "{re.escape(name)}"$', re.MULTILINE)
    blocks = re.finditer(pattern, manifest, re.MULTILINE)
    return next((block for block in blocks if wanted.search(block[0])), None)


def _halved(key: str, value: Tensor, weights: Path) -> Tensor:
    if not value.is_floating_point():
        return value
    half = value.half()
    if not torch.isfinite(half).all():
        raise ConfigError(f"{weights}: {key} holds numbers that half precision does not")
    return half


def _selection(weights: Path) -> dict[str, str]:
    """By which figure the weights were chosen, and when."""
    return {k: v for k, v in read_metadata(weights).items() if k in ("step", "figure", "value")}


def _figures(weights: Path, command: str, *, alone: bool) -> list[dict[str, Any]]:
    """What the run reached; `alone` says that its mean with others ships."""
    chosen = _selection(weights)
    if "figure" not in chosen:
        return []
    name = f"validation {chosen['figure'].replace('_', ' ')}"
    name += ", the last stage alone" if alone else ""
    return [{"name": name, "value": float(chosen["value"]), "command": command}]


def _figure(name: str, value: str, command: str) -> Figure:
    try:
        return Figure(name, float(value), command)
    except ValueError:
        raise ConfigError(f"--figure {name}: {value} is not a number") from None


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m training.export", description=__doc__)
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of a training run")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--name", help="name of the checkpoint: lower-case letters, digits, _")
    where.add_argument("--out", type=Path, metavar="FILE.safetensors", help="the weights alone")
    parser.add_argument("--licence", help="licence of the weights, e.g. Apache-2.0; with --name")
    parser.add_argument("--source", default="", help="what they were trained on, in words")
    parser.add_argument("--people", default="", help="data sets of real people among them")
    parser.add_argument(
        "--status", choices=("trained", "demo"), default="demo", help="demo: not fit for judging"
    )
    parser.add_argument(
        "--average",
        nargs="+",
        type=Path,
        default=[],
        metavar="FILE",
        help="weights of earlier fine-tuning stages; the mean of them and the run's is written",
    )
    parser.add_argument(
        "--figure",
        nargs=3,
        action="append",
        default=[],
        metavar=("NAME", "VALUE", "COMMAND"),
        help="a metric measured on other data, and the command for it; repeatable",
    )
    parser.add_argument("--manifest", type=Path, default=MANIFEST, help=argparse.SUPPRESS)
    return parser


def ship(run: Path, name: str, *, about: About, manifest: Path) -> Path:
    """Export a run beside a manifest and enter it there; returns the weights' path.

    Raises:
        ConfigError: The run has no weights, or the name makes no entry.
        TrainingError: The manifest cannot be written.
    """
    if not re.fullmatch(r"[a-z0-9_]+", name):
        raise ConfigError(f"--name {name}: use lower-case letters, digits and underscores only")
    out = manifest.parent / f"{name}.safetensors"
    sha256 = export(run, out, average=about.average)
    entry = manifest_entry(run, name=name, sha256=sha256, about=about)
    with (
        writing(manifest, remedy="free some space and run the command again"),
        written(manifest) as scratch,
    ):
        text = manifest.read_text(encoding="utf-8")
        scratch.write_text(with_entry(text, name, entry), encoding="utf-8")
        read_manifest(scratch)
    return out


def main(arguments: list[str] | None = None) -> int:
    """0 done, 2 bad input."""
    parser = _parser()
    parsed = parser.parse_args(arguments)
    if parsed.name and not parsed.licence:
        parser.error("--name needs --licence, which depends on the data")

    def command() -> int:
        if parsed.out:
            sha256, out = export(parsed.run, parsed.out, average=parsed.average), parsed.out
        else:
            about = About(
                licence=parsed.licence,
                people=parsed.people,
                source=parsed.source,
                figures=tuple(_figure(*words) for words in parsed.figure),
                status=parsed.status,
                average=tuple(parsed.average),
            )
            out = ship(parsed.run, parsed.name, about=about, manifest=parsed.manifest)
            sha256 = sha256_of(out)
        sys.stdout.write(f'file = "{out.name}"  # {out.stat().st_size / 1e6:.1f} MB\n')
        sys.stdout.write(f'sha256 = "{sha256}"\n')
        return 0

    return run_command(command, StatusLine(active=False))


if __name__ == "__main__":
    sys.exit(main())
