"""What a person makes of a found programme: corrections, plan, rules, the sheet to take away."""
