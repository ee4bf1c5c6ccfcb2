"""Measurements from a skeleton sequence: an interval, or why this video does not tell."""
