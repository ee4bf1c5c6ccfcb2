"""The networks of the paper: tensors in, tensors out."""
