"""Where persons are in single frames (paper, Sec. II-A: DINO)."""
