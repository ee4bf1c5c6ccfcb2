"""Finished evaluations on the page: metrics, the confusion matrix, the list of clips."""
