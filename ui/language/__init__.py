"""The languages of the page: tables of texts, and who speaks which."""
