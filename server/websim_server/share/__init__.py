"""Links that carry runs, and proof of what they claim."""
