"""Who is who through the clip, and who is the skater (paper, Sec. II-A: boxes merged)."""
