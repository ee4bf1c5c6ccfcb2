"""What a researcher decides about clips, and what follows from it."""
