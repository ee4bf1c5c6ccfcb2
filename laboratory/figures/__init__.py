"""Numbers of many clips: how good voters are, how sure one may be of that, and where they err."""
