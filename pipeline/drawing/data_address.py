"""Pictures as data addresses, for pages that open with no network."""

from __future__ import annotations

import base64

import cv2
import numpy as np
from numpy.typing import NDArray


def jpeg_uri(picture: NDArray[np.uint8], longest: int, quality: int = 82) -> str:
    """An RGB picture as a data address, no side longer than `longest`."""
    scale = min(1.0, longest / max(picture.shape[:2]))
    if scale < 1:
        size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    bgr = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return "data:image/jpeg;base64," + base64.b64encode(encoded.tobytes()).decode()
