"""`websim train`: learning from a terminal."""
