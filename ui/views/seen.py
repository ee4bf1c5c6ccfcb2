"""What the networks saw, as HTML: sampled frames, the attention each got, the crop."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.classification.sampling import View
from pipeline.classification.sequence import make_sequence
from pipeline.classification.views import VideoModelSettings, ViewCollector
from pipeline.config import Profile, load_shipped_profile
from pipeline.drawing.data_address import jpeg_uri
from pipeline.errors import ConfigError
from pipeline.inspection.attention import Look, look_at, occlude_joints
from pipeline.inspection.model_inputs import collect_views, frames_at, pictures_of
from pipeline.moments import written
from pipeline.networks import Networks
from pipeline.types import Analysis, Provenance
from ui.language.tables import named, say

Image = NDArray[np.uint8]

SIDE = 160
"""Pictures are shown no larger than this; the networks' own size is said beside them."""


@dataclass(frozen=True)
class Seen:
    """One view of one network."""

    model: VideoModelSettings
    pictures: Image
    """`(T, S, S, 3)`."""
    positions: NDArray[np.int64]
    """`(T,)` frames of the analysed span."""
    collector: ViewCollector
    view: int
    """Which distinct view."""


def profile_of(analysis: Analysis) -> Profile:
    """The profile behind an analysis.

    Raises:
        ConfigError: It is not here, or its networks have other names than the analysis's.
    """
    profile = load_shipped_profile(analysis.profile)
    if set(profile.networks) - set(analysis.scores):
        raise ConfigError(say("saw_other_profile", profile=analysis.profile))
    return profile


def video_models(analysis: Analysis) -> tuple[VideoModelSettings, ...]:
    """The video networks of an analysis; none where its profile is not here."""
    try:
        return profile_of(analysis).video_models
    except ConfigError:
        return ()


def distinct_views(analysis: Analysis, name: str) -> tuple[View, ...]:
    """The different views that a video network was asked about; none where its profile is gone."""
    models = (model for model in video_models(analysis) if model.name == name)
    collectors = (ViewCollector(m, len(analysis.timeline), analysis.region) for m in models)
    return next((collector.plan.views for collector in collectors), ())


def see(analysis: Analysis, name: str, view: int) -> Seen:
    """The frames of one distinct view.

    Raises:
        InputError: The clip or the profile is not here.
    """
    model = next(m for m in profile_of(analysis).video_models if m.name == name)
    (collector,) = collect_views(analysis, (model,))
    view = min(max(view, 0), len(collector.plan.views) - 1)
    positions = collector.plan.views[view].frame_indices
    return Seen(model, pictures_of(collector, view), positions, collector, view)


def look(seen: Seen, networks: Networks) -> Look:
    """Attention rollout of the network over the view.

    Raises:
        WeightsError: The weights are not here.
    """
    tensors = list(seen.collector.tensors())
    try:
        return look_at(networks.get(seen.model.name), tensors[seen.view])
    finally:
        networks.release(seen.model.name)


def same_weights(analysis: Analysis, networks: Networks) -> bool:
    """Whether the networks at hand are those that made the analysis."""
    now = networks.provenance

    def key(origin: Provenance | None) -> tuple[str, str | None] | None:
        return None if origin is None else (origin.checkpoint, origin.sha256)

    return all(key(now.get(stage)) == key(p) for stage, p in analysis.provenance.items())


def occlusion(analysis: Analysis, networks: Networks) -> NDArray[np.float64]:
    """What each joint is worth to InfoGCN for the class it says, `(17,)`.

    Raises:
        WeightsError: The weights are not here.
    """
    settings = profile_of(analysis).skeleton_model.sequence
    sequence = make_sequence(analysis.pose, settings)
    try:
        network = networks.get("infogcn")
        return occlude_joints(network, sequence, analysis.scores["infogcn"].class_index)
    finally:
        networks.release("infogcn")


def film_strip(analysis: Analysis, seen: Seen, attention: Look | None = None) -> str:
    """The sampled frames as figures, with number, time and (if known) the attention they got."""
    cells = []
    top = 0.0 if attention is None else float(attention.frames.max())
    for place, (picture, position) in enumerate(zip(seen.pictures, seen.positions, strict=True)):
        time_s = analysis.timeline.seconds(int(position))
        number = analysis.timeline.number(int(position))
        caption = say("saw_caption", frame=number, time=written(time_s))
        bar = ""
        if attention is not None:
            share = float(attention.frames[place])
            picture = heat_over(picture, attention.patches[place])
            caption += f" · {share:.1%}"
            bar = f'<span class="rs-share" style="width:{100 * share / top:.0f}%"></span>'
        cells.append(
            f'<figure><img src="{jpeg_uri(picture, SIDE)}" width="{SIDE}" height="{SIDE}" '
            f'alt="{escape(caption)}">{bar}<figcaption>{escape(caption)}</figcaption></figure>'
        )
    return f'<div class="rs-film">{"".join(cells)}</div>'


def region_picture(analysis: Analysis) -> str:
    """The middle frame with the region that is cropped out of it.

    Raises:
        VideoError: The clip is not here.
    """
    middle = len(analysis.timeline) // 2
    frame = frames_at(analysis, np.array([middle]))[middle]
    x1, y1, x2, y2 = (int(v) for v in analysis.region.xyxy)
    dimmed = (frame * 0.35).astype(np.uint8)
    dimmed[y1:y2, x1:x2] = frame[y1:y2, x1:x2]
    width = max(2, min(frame.shape[:2]) // 150)
    cv2.rectangle(dimmed, (x1, y1), (x2 - 1, y2 - 1), (0, 158, 115), width)
    caption = say(
        "saw_region_caption", width=x2 - x1, height=y2 - y1,
        rule=named("rule", analysis.region.rule),
        share=f"{(x2 - x1) * (y2 - y1) / (frame.shape[0] * frame.shape[1]):.0%}",
    )  # fmt: skip
    return (
        f'<figure class="rs-region"><img src="{jpeg_uri(dimmed, 560)}" alt="{escape(caption)}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def heat_over(picture: Image, patches: NDArray[np.float64]) -> Image:
    """A picture with bright patches where the network looks, dark ones where it does not."""
    side = picture.shape[0]
    heat = cv2.resize(patches / max(float(patches.max()), 1e-12), (side, side))
    lit = picture.astype(np.float64) * (0.25 + 0.75 * np.clip(heat, 0, 1)[..., None])
    return np.asarray(np.clip(lit, 0, 255), dtype=np.uint8)
