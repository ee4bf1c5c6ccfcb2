"""A jump in its parts: entries, take-offs, landings, and what a skater is free to do."""
