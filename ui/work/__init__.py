"""Analyses at work: whose turn it is, how long it may take, and whoever looks on."""
