"""The programme page's HTML: pure functions of records."""
