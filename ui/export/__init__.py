"""What is taken away from the page and brought back: files, the report, notes."""
