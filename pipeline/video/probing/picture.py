"""From a decoder's frame to upright RGB, by FFmpeg's own filters.

The result is byte for byte what `ffmpeg -i clip.mp4 -pix_fmt rgb24` writes (tested): colour matrix
and range as the frame is tagged, BT.601 where it is not, 10 bits brought down to 8, turned and
mirrored as the container's display matrix says. Pixels that are not square are made so: the picture
is widened or made higher, never smaller, as browsers and players do.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple, cast

import numpy as np
from av.filter import Graph
from av.video.frame import VideoFrame
from numpy.typing import NDArray

Fields = Literal["none", "marked", "tff", "bff"]
"""How an interlaced video tells its fields: each frame is marked; or none, but the container says
that the top or the bottom field of all frames is first."""


class Turn(NamedTuple):
    """How a stored picture is turned for showing."""

    degrees: int
    """Clockwise: 0, 90, 180 or 270."""
    filters: tuple[tuple[str, str], ...]
    """FFmpeg filters and their arguments."""
    mirrored: bool = False
    """Whether left and right are exchanged on top of the turn."""


UPRIGHT = Turn(0, ())

# Signs of the display matrix's (a, b, c, d), which sends (x, y) to (a x + c y, b x + d y).
_TURNS = {
    (1, 0, 0, 1): UPRIGHT,
    (-1, 0, 0, 1): Turn(0, (("hflip", ""),), mirrored=True),
    (1, 0, 0, -1): Turn(180, (("vflip", ""),), mirrored=True),
    (-1, 0, 0, -1): Turn(180, (("hflip", ""), ("vflip", ""))),
    (0, 1, -1, 0): Turn(90, (("transpose", "clock"),)),
    (0, 1, 1, 0): Turn(90, (("transpose", "cclock_flip"),), mirrored=True),
    (0, -1, 1, 0): Turn(270, (("transpose", "cclock"),)),
    (0, -1, -1, 0): Turn(270, (("transpose", "clock_flip"),), mirrored=True),
}


@dataclass(frozen=True)
class Picture:
    """Size and position of a video's picture."""

    stored_width: int
    """Pixels, before turning."""
    stored_height: int
    """Pixels, before turning."""
    turn: Turn
    """From stored to upright."""
    fields: Fields = "none"
    """Whether a frame is made of two fields, shot one after the other."""
    aspect: Fraction = Fraction(1)
    """Width of a stored pixel as it is shown, in heights."""

    @property
    def interlaced(self) -> bool:
        """Whether some frames are made of two fields."""
        return self.fields != "none"

    @property
    def shape(self) -> tuple[int, int]:
        """Width and height at true shape, in square pixels, before turning."""
        if self.aspect >= 1:
            return round(self.stored_width * self.aspect), self.stored_height
        return self.stored_width, round(self.stored_height / self.aspect)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height at true shape, upright: those of every frame that is handed out."""
        return self._upright(*self.shape)

    @property
    def stored_upright(self) -> tuple[int, int]:
        """Width and height of the stored picture once it is turned, its pixels as they are."""
        return self._upright(self.stored_width, self.stored_height)

    @property
    def width(self) -> int:
        """Pixels, upright."""
        return self.size[0]

    @property
    def height(self) -> int:
        """Pixels, upright."""
        return self.size[1]

    @property
    def as_stored(self) -> bool:
        """Whether a frame's pixels are the stored ones, but for their turn and colours."""
        return self.stored_upright == self.size and not self.interlaced

    def _upright(self, width: int, height: int) -> tuple[int, int]:
        return (height, width) if self.turn.degrees % 180 else (width, height)


def turn_of(frame: VideoFrame) -> Turn | None:
    """What the display matrix asks for; None for an angle that is not a multiple of 90 degrees."""
    data = frame.side_data.get("DISPLAYMATRIX")
    if data is None:
        return UPRIGHT
    matrix = np.frombuffer(cast(memoryview, data), np.int32).reshape(3, 3)
    a, b, c, d = (int(sign) for sign in np.sign(matrix[:2, :2]).ravel())
    return _TURNS.get((a, b, c, d))


class Converter:
    """Turns the decoder's frames of one video into RGB arrays."""

    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        self._graph: Graph | None = None
        self._accepts: tuple[object, ...] = ()

    def __call__(self, frame: VideoFrame) -> NDArray[np.uint8]:
        """`(H, W, 3)` RGB, upright, of the size that the first frame had."""
        kind = (frame.width, frame.height, frame.format.name, frame.colorspace, frame.color_range)
        if self._graph is None or kind != self._accepts:  # a stream may change its size midway
            self._graph, self._accepts = self._build(frame), kind
        self._graph.vpush(frame)
        rgb = self._graph.vpull().to_ndarray()
        return np.ascontiguousarray(rgb, dtype=np.uint8)

    def _build(self, frame: VideoFrame) -> Graph:
        graph = Graph()
        width, height = self._picture.shape
        chain = [
            graph.add_buffer(
                width=frame.width,
                height=frame.height,
                format=frame.format,
                time_base=frame.time_base,
            ),
            graph.add("scale", f"{width}:{height}"),
            *(graph.add(name, arguments) for name, arguments in self._picture.turn.filters),
            graph.add("format", "rgb24"),
            graph.add("buffersink"),
        ]
        graph.link_nodes(*chain).configure()
        return graph
