"""`python -m training.export RUN --out FILE.safetensors`: the weights of a run, made to ship.

Half precision, under the network's own keys, with the run's recipe noted in the metadata. What is
printed goes into `checkpoints/manifest.toml`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from models.checkpoint_files import read_metadata, read_state, sha256_of, write_safetensors
from pipeline.errors import ConfigError
from training.console import Parser, StatusLine, run_command
from training.engine.engine import BEST
from training.finetune import RECIPE


def export(run: Path, out: Path) -> str:
    """Write the best weights of a run in half precision; returns the file's sha256.

    Raises:
        ConfigError: The folder holds no run that got so far.
        WeightsError: The file cannot be written.
    """
    weights = run / BEST
    try:
        recipe = json.loads((run / RECIPE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{run}: holds no run ({error})") from error
    if not weights.exists():
        raise ConfigError(f"{weights}: is not there; the run has not been evaluated yet")
    state = {
        key: value.half() if value.is_floating_point() else value
        for key, value in read_state(weights).items()
    }
    figures = {k: v for k, v in read_metadata(weights).items() if k in ("step", "figure", "value")}
    write_safetensors(state, out, {"recipe": recipe["name"], **figures})
    return sha256_of(out)


def main(arguments: list[str] | None = None) -> int:
    """0 done, 2 bad input."""
    parser = Parser(prog="python -m training.export", description=__doc__)
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of a training")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.safetensors")
    parsed = parser.parse_args(arguments)

    def command() -> int:
        sha256 = export(parsed.run, parsed.out)
        size = parsed.out.stat().st_size
        sys.stdout.write(f'file = "{parsed.out.name}"  # {size / 1e6:.1f} MB\n')
        sys.stdout.write(f'sha256 = "{sha256}"\n')
        return 0

    return run_command(command, StatusLine(active=False))


if __name__ == "__main__":
    sys.exit(main())
