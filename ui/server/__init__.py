"""The page as a server gives it: addresses, who may do what, visitors who come back."""
