"""Small, valid records for tests; every argument a test cares about can be given."""

from __future__ import annotations
