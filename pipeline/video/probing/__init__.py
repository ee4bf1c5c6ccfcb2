"""What a video file holds: its streams, packets and frames, before any is shown."""
