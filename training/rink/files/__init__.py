"""A rendered data set on disk: clips, truth, and the processes that write them."""
