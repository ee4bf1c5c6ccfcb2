"""Data for training: a data set on disk in the challenge's layout, decoded once, kept small."""
