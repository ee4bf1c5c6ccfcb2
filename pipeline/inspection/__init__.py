"""Why a verdict came about: what the networks saw, where they looked, what would change it."""
