"""Whole videos, in a browser."""
