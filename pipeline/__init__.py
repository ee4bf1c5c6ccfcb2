"""From a video file to a verdict: what the app, the command line and training share."""

__version__ = "0.1.0"
