"""The paper's protocol over a data set: analyses, predictions, figures, ensembles, tables."""
