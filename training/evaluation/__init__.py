"""The paper's protocol over a data set: analyses, predictions, metrics, ensembles, tables."""
