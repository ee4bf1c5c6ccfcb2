"""Whole programmes and uncut clips: where the elements are, and which."""
