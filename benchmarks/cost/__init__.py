"""What networks and stages cost in time and memory."""
