"""Published checkpoint layouts: how other state-dict keys map to ours, one file a source."""
