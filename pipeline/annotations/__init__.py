"""What a person adds to an analysis: the skater marked by hand, notes, report fields."""
