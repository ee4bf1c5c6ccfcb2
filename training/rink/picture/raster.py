"""Fills triangles: the inner loops of the renderer, compiled by numba on their first use."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.rink.picture.compiled import compiled

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]


@compiled
def fill_triangles(
    vertices: Floats,
    faces: NDArray[np.int32],
    texture: Bytes,
    picture: Bytes,
    depths: Floats,
) -> None:
    """Draw the triangles that face the viewer, nearest on top, smoothly shaded.

    Args:
        vertices: `(V, 9)`: x, y in pixels, depth, u, v in texels, light in red, green, blue (1 is
            the texture's own colour), gloss (0 to 1, added in white).
        faces: `(F, 3)` corners, clockwise on the screen when seen from outside.
        texture: `(h, w, 3)`.
        picture: `(H, W, 4)`, drawn into; the fourth channel becomes 255 where anything is drawn.
        depths: `(H, W)`, drawn into; start it with infinity.
    """
    H, W = depths.shape
    texture_h, texture_w = texture.shape[0] - 1, texture.shape[1] - 1
    for face in range(len(faces)):
        a, b, c = vertices[faces[face, 0]], vertices[faces[face, 1]], vertices[faces[face, 2]]
        area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
        if area <= 1e-9:
            continue
        left = max(0, int(np.floor(min(a[0], b[0], c[0]))))
        right = min(W, int(np.ceil(max(a[0], b[0], c[0]))) + 1)
        top = max(0, int(np.floor(min(a[1], b[1], c[1]))))
        bottom = min(H, int(np.ceil(max(a[1], b[1], c[1]))) + 1)
        scale = np.float32(1.0) / area
        for y in range(top, bottom):
            for x in range(left, right):
                px, py = np.float32(x + 0.5), np.float32(y + 0.5)
                at_a = ((c[0] - b[0]) * (py - b[1]) - (c[1] - b[1]) * (px - b[0])) * scale
                at_b = ((a[0] - c[0]) * (py - c[1]) - (a[1] - c[1]) * (px - c[0])) * scale
                at_c = np.float32(1.0) - at_a - at_b
                if at_a < 0 or at_b < 0 or at_c < 0:
                    continue
                depth = a[2] * at_a + b[2] * at_b + c[2] * at_c
                if depth >= depths[y, x]:
                    continue
                depths[y, x] = depth
                u = int(a[3] * at_a + b[3] * at_b + c[3] * at_c)
                v = int(a[4] * at_a + b[4] * at_b + c[4] * at_c)
                u, v = min(max(u, 0), texture_w), min(max(v, 0), texture_h)
                gloss = 255.0 * (a[8] * at_a + b[8] * at_b + c[8] * at_c)
                for channel in range(3):
                    light = a[5 + channel] * at_a + b[5 + channel] * at_b + c[5 + channel] * at_c
                    value = texture[v, u, channel] * light + gloss
                    picture[y, x, channel] = np.uint8(min(max(value, 0.0), 255.0))
                picture[y, x, 3] = 255


@compiled
def fill_shadow(xy: Floats, faces: NDArray[np.int32], mask: Bytes) -> None:
    """Set `mask` `(H, W)` to 255 under every triangle; corners are `(V, 2)` pixels."""
    H, W = mask.shape
    for face in range(len(faces)):
        a, b, c = xy[faces[face, 0]], xy[faces[face, 1]], xy[faces[face, 2]]
        area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
        if area <= 1e-9:
            continue
        left = max(0, int(np.floor(min(a[0], b[0], c[0]))))
        right = min(W, int(np.ceil(max(a[0], b[0], c[0]))) + 1)
        top = max(0, int(np.floor(min(a[1], b[1], c[1]))))
        bottom = min(H, int(np.ceil(max(a[1], b[1], c[1]))) + 1)
        for y in range(top, bottom):
            for x in range(left, right):
                px, py = np.float32(x + 0.5), np.float32(y + 0.5)
                at_a = (c[0] - b[0]) * (py - b[1]) - (c[1] - b[1]) * (px - b[0])
                at_b = (a[0] - c[0]) * (py - c[1]) - (a[1] - c[1]) * (px - c[0])
                if at_a >= 0 and at_b >= 0 and at_a + at_b <= area:
                    mask[y, x] = 255
