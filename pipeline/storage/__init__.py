"""Analyses on disk: folders, packed files, the cache."""
