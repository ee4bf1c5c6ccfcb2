"""Endpoints for programs: typed, documented, and with files that were uploaded only."""
