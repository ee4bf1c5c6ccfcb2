"""Skating in three dimensions, from its mechanics.

    performance = perform("3Lutz", np.random.default_rng(7))
    performance.joints                # (T, J, 3) metres, 120 samples a second
    performance.at(frame_times_s)     # any frame rate, or a shutter's sub-frames

The same generator state gives the same bytes.
"""

from training.rink.motion.clip import perform, warm_up
from training.rink.motion.programme import program

__all__ = ["perform", "program", "warm_up"]
