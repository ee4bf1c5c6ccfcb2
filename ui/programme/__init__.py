"""Whole videos on the page: the jobs that find their elements, and what is shown of them."""
