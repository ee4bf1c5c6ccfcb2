"""The pose stage: ViTPose on the main skater's box, frame by frame, 17 COCO joints."""

from pipeline.pose.estimate import (
    PoseEstimator,
    PoseRun,
    PoseSettings,
    pose_frame_indices,
    pose_stride,
)

__all__ = ["PoseEstimator", "PoseRun", "PoseSettings", "pose_frame_indices", "pose_stride"]
