"""The method drawn from the configuration that runs: networks, weights, numbers."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import pandas as pd

from models.zoo import MissingWeights, find_checkpoint
from pipeline.classification.ensemble import FUSED, LEADERBOARD, softmax_weights
from pipeline.config import Profile
from pipeline.elements import ELEMENTS
from ui.language.names import display_name, element_name
from ui.language.tables import named, say


@dataclass(frozen=True)
class Box:
    """One box of the drawing."""

    title: str
    lines: tuple[str, ...]
    kind: str = ""
    """Chooses the colour: a model's key, or nothing."""
    status: str = ""
    """Of its weights; nothing where there are none."""


def architecture(profile: Profile) -> str:
    """The drawing as HTML: columns from the video to the verdict."""
    columns = [
        (say("about_column_find"), [_detector(profile), _region(profile)]),
        (say("about_column_see"), [*_views(profile), _pose(profile)]),
        (say("about_column_ask"), _networks(profile)),
        (say("about_column_decide"), [_ensemble(profile)]),
    ]
    parts = [
        f'<li class="rs-column"><h2>{escape(title)}</h2>{"".join(map(_drawn, boxes))}</li>'
        for title, boxes in columns
    ]
    return f'<ol class="rs-flow" aria-label="{escape(say("about_flow"))}">{"".join(parts)}</ol>'


def _drawn(box: Box) -> str:
    lines = "".join(f"<p>{escape(line)}</p>" for line in box.lines)
    words = escape(say(f"about_status_{box.status}")) if box.status else ""
    badge = f'<span class="rs-badge rs-{box.status}">{words}</span>' if box.status else ""
    return f'<div class="rs-box rs-{box.kind}">{badge}<h3>{escape(box.title)}</h3>{lines}</div>'


def status_of(checkpoint: str, profile: Profile) -> str:
    """`trained`, `demo`, `untrained` or `absent`: what stands behind a name of the profile."""
    try:
        return find_checkpoint(checkpoint).status
    except MissingWeights:
        return "untrained" if profile.untrained_where_absent else "absent"


def _detector(profile: Profile) -> Box:
    settings = profile.detector
    lines = [settings.checkpoint, say("about_detector", every=settings.every)]
    if profile.zoom.below:
        lines.append(say("about_closer", share=f"{profile.zoom.below:.0%}"))
    return Box("DINO", tuple(lines), status=status_of(settings.checkpoint, profile))


def _region(profile: Profile) -> Box:
    return Box(say("about_region_title"), (say("about_region"),))


def _pose(profile: Profile) -> Box:
    settings = profile.pose
    return Box(
        "ViTPose",
        (settings.checkpoint, say("about_pose")),
        status=status_of(settings.checkpoint, profile),
    )


def _views(profile: Profile) -> list[Box]:
    counts = {(m.temporal_views, m.spatial_views, m.test_time_flip) for m in profile.video_models}
    lines = tuple(
        say("about_views", time=time, space=space, views=time * space)
        + (say("about_views_mirrored") if mirrored else "")
        for time, space, mirrored in sorted(counts)
    )
    return [Box(say("about_views_title"), lines)]


def _networks(profile: Profile) -> list[Box]:
    boxes = [
        Box(
            display_name(m.name),
            (m.checkpoint, say("about_input", frames=m.num_frames, side=m.side)),
            kind="umt" if m.family == "umt" else "uniformerv2",
            status=status_of(m.checkpoint, profile),
        )
        for m in profile.video_models
    ]
    skeleton = profile.skeleton_model
    frames = say("about_skeleton_input", frames=skeleton.sequence.num_frames)
    status = status_of(skeleton.checkpoint, profile)
    return [*boxes, Box("InfoGCN", (skeleton.checkpoint, frames), kind="infogcn", status=status)]


def _ensemble(profile: Profile) -> Box:
    weights = softmax_weights({name: profile.ensemble.scores[name] for name in FUSED})
    lines = [
        say("about_umt_fusion", rule=named("rule", profile.ensemble.umt_fusion)),
        *(f"{display_name(name)}: {weight:.3f}" for name, weight in weights.items()),
        say("about_decides", strategy=say(f"strategy_{profile.ensemble.strategy}")),
        say("about_tie", model=display_name(profile.ensemble.tie_breaker)),
    ]
    return Box(say("about_ensemble_title"), tuple(lines), kind="weighted")


def class_table() -> pd.DataFrame:
    """The 28 classes in index order, as skating names them."""
    return pd.DataFrame(
        [
            {
                say("about_index"): element.class_index,
                say("about_class"): element_name(element.label),
                say("about_code"): element.code,
                say("about_family"): say(f"family_{element.family}"),
                say("about_rotations"): element.rotations,
            }
            for element in ELEMENTS
        ]
    )


def paper_table() -> pd.DataFrame:
    """What the paper states, for as long as there is nothing of ours to set beside it."""
    return pd.DataFrame(
        {
            say("mistakes_model"): [display_name(name) for name in LEADERBOARD],
            say("mistakes_ours"): [None for _ in LEADERBOARD],
            say("mistakes_paper"): list(LEADERBOARD.values()),
        }
    )
