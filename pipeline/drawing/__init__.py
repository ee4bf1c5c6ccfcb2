"""The analysis drawn over the video."""
