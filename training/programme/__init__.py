"""Training and measuring what finds the elements of a whole programme."""
