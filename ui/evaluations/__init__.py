"""Finished evaluations on the page: figures, the confusion matrix, the list of clips."""
