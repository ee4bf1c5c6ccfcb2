"""Refined verdicts against the paper's two, on the clips of a stored evaluation of the rink.

    python -m benchmarks.refined --evaluation assets/evaluations/simulated_rink \
        --seed 500300 --per-class 20

An evaluation stores what the networks said and no skeletons: those are made again from the same
clips' motion and camera, with the errors of the demo's pose network simulated. With --analyses
folders the skeletons are those of stored analyses, and so are the scores.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import binomtest

from models.command_line import Parser
from pipeline.classification.ensemble import EnsembleSettings, decide
from pipeline.elements import ELEMENTS, LABELS
from pipeline.storage.analysis_files import load
from pipeline.types import Verdict
from pipeline.verdict.evidence import Evidence, evidence_of, read_evidence
from pipeline.verdict.refined import refined
from training.evaluation.predictions import read_predictions
from training.measure.evidence import NOISES
from training.measure.evidence_fit import pose_of
from training.rink.files.dataset import Recipe, clip_files, plan_clips
from training.rink.skeletons import skeleton_clip

NAMES = ("weighted", "vote", "refined")


@dataclass(frozen=True)
class Clip:
    """One clip, what was decided, and what its skeleton told."""

    truth: int
    verdict: Verdict
    evidence: Evidence

    @property
    def answers(self) -> tuple[int, int, int]:
        """Class indices in the order of `NAMES`."""
        by_vote = LABELS.index(self.verdict.vote.label)
        by_all = refined(self.verdict, self.evidence).class_index
        return int(self.verdict.weighted.argmax()), by_vote, by_all


def with_simulated_skeletons(evaluation: Path, seed: int, per_class: int) -> Iterator[Clip]:
    """Clips of an evaluation, their skeletons simulated."""
    counts = dict.fromkeys(LABELS, per_class)
    recipe = Recipe(seed=seed, counts=counts, size=None, fps=None)
    planned = {clip.stem: clip for clip in plan_clips(recipe, "test")}
    settings = EnsembleSettings()
    for told in read_predictions(evaluation / "predictions.parquet").clips:
        clip = planned[told.stem]
        if told.label != LABELS.index(clip.label):
            raise ValueError(f"{told.stem}: is not the clip of seed {seed}")
        seen = skeleton_clip(clip.label, clip.seed, noise=NOISES[1])
        yield Clip(
            told.label, decide(told.scores(settings), settings), read_evidence(*pose_of(seen))
        )


def with_own_skeletons(analyses: Path, data: Path, seed: int, per_class: int) -> Iterator[Clip]:
    """Stored analyses of a data set's clips."""
    counts = dict.fromkeys(LABELS, per_class)
    recipe = Recipe(seed=seed, counts=counts, size=None, fps=None)
    for clip in plan_clips(recipe, "test"):
        folder = analyses / clip.stem
        if (folder / "scores.csv").exists():
            truth = int(np.load(clip_files(clip, data)[1])["class_index"])
            analysis = load(folder)
            yield Clip(truth, analysis.verdict, evidence_of(analysis))


def report(clips: list[Clip]) -> str:
    """How often each is right, paired differences, and how often each term is."""
    truth = np.array([clip.truth for clip in clips])
    right = np.array([clip.answers for clip in clips]) == truth[:, None]
    lines = []
    for number, name in enumerate(NAMES):
        per_class = np.mean([right[truth == k, number].mean() for k in np.unique(truth)])
        lines.append(f"{name}: {right[:, number].sum()} of {len(clips)}, by class {per_class:.4f}")
    for number, name in enumerate(NAMES[:-1]):
        gained = int((right[:, -1] & ~right[:, number]).sum())
        lost = int((~right[:, -1] & right[:, number]).sum())
        p = binomtest(lost, gained + lost).pvalue if gained + lost else 1.0
        lines.append(f"refined against {name}: {gained} gained, {lost} lost, McNemar p {p:.4g}")
    jumps = [clip for clip in clips if ELEMENTS[clip.truth].family == "jump"]
    for number, name in enumerate(("turns", "takeoff")):
        told = [(c.truth, c.evidence.terms[number].likelihood) for c in jumps]
        best = [likely[truth] == 1.0 for truth, likely in told if likely is not None]
        lines.append(f"{name}: told of {len(best)} of {len(jumps)} jumps, right {sum(best)}")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Compare and print."""
    parser = Parser(prog="python -m benchmarks.refined", description=__doc__)
    parser.add_argument("--evaluation", type=Path, help="folder of a stored evaluation")
    parser.add_argument("--analyses", type=Path, help="folder of analyses, instead")
    parser.add_argument("--data", type=Path, help="the data set of those analyses")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--per-class", type=int, required=True)
    parsed = parser.parse_args()
    if parsed.evaluation is not None:
        clips = with_simulated_skeletons(parsed.evaluation, parsed.seed, parsed.per_class)
    elif parsed.analyses is not None and parsed.data is not None:
        clips = with_own_skeletons(parsed.analyses, parsed.data, parsed.seed, parsed.per_class)
    else:
        parser.error("name --evaluation, or --analyses and --data")
    sys.stdout.write(report(list(clips)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
