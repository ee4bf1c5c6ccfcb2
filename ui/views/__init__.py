"""What is drawn on the page: HTML and figures, pure functions of an analysis."""
