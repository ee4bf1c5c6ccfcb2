"""Programmes as broadcasts show them: cameras, replays, close-ups, graphics, other people."""
