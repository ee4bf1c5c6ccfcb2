"""What is known of every clip of a run, and which of them are looked at."""
