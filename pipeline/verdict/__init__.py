"""What a verdict is worth, by numbers that were fitted on other clips with the same weights."""
