"""From a video file to a verdict: the typed spine that the app, the command line and training share."""

__version__ = "0.1.0"
