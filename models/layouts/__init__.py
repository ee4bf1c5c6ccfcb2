"""Published checkpoint layouts: how other people's state-dict keys map to ours, one file a source."""
