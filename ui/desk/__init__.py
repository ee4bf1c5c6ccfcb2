"""The left side of the desk: what is asked for, the analysis itself, what this visit has made."""
