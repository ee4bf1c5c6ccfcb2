"""How fast the laboratory is."""
