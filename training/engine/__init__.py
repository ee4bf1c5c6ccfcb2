"""The training engine: runs any `Task` with AMP, accumulation, several processes, and resuming.

How to train something new
--------------------------
1. Write a recipe class (a frozen dataclass that extends `training.recipe.Recipe`) and a task class
   with the methods of `Task`; enter both in `training/tasks/__init__.py`.
2. Write a recipe and run `python -m training.finetune training/recipes/<name>.toml`.

What the engine promises a task
-------------------------------
- `batch(epoch, positions)` is called in worker processes, in any order, for any range of positions;
  the engine divides an epoch among processes, accumulation and workers. A task that makes sample
  `position` of `epoch` from `numpy.random.default_rng((seed, epoch, position))` alone is resumed,
  distributed and repeated exactly without doing anything for it.
- `loss(model, batch)` is called with the batch on the device, and with the global generators of
  torch, numpy and Python seeded for this very step and process: dropout, kornia's augmentation and
  mixup may draw from them freely. Mixed precision covers the calls of `model`, not the loss.
- `evaluate(model, context)` is called without gradients, in eval mode, with the averaged weights
  where EMA is on. Processes share the work through `context.share(n)` and `context.gather(rows)`,
  with the running statistics of the first; under FSDP each does all of it.

What a run leaves in its folder
-------------------------------
`recipe.json` (every setting), `metrics.jsonl` (one object a line: `kind` is `train` or `eval`),
`checkpoints/step-<n>/` (the newest full state), `best.safetensors` (the weights of the best
evaluation; of the last step where nothing is selected).

The same seed gives the same run. A run killed at any moment continues from its newest checkpoint,
with the losses it would have had; a line of `metrics.jsonl` beyond that checkpoint is dropped.
"""

from training.engine.engine import Engine, Outcome, use_machine
from training.engine.errors import TrainingError
from training.engine.settings import EngineSettings, OptimSettings
from training.engine.task import Batch, EvaluationContext, Task

__all__ = [
    "Batch",
    "Engine",
    "EngineSettings",
    "EvaluationContext",
    "OptimSettings",
    "Outcome",
    "Task",
    "TrainingError",
    "use_machine",
]
