"""`python -m training.programme [RECIPE.toml] [--set KEY=VALUE]... [--resume]`.

Trains the network that finds the elements of a whole video, as `python -m training.finetune` would,
by the demo's recipe where none is given.
"""

from __future__ import annotations

import sys

from training import finetune

PROG = "python -m training.programme"
RECIPE = finetune.RECIPES / "demo_temporal.toml"


def main(arguments: list[str] | None = None) -> int:
    """As `training.finetune.main`."""
    return finetune.main(arguments, prog=PROG, default=RECIPE)


if __name__ == "__main__":
    sys.exit(main())
