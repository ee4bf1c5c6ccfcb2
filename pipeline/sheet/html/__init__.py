"""The sheet as one HTML page."""
