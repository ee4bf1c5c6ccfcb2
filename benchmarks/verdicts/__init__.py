"""How far what verdicts are said to be worth can be trusted: docs/verdicts.md."""
