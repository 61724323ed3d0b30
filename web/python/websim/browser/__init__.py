"""What only the workers of a tab need: their shards of environments, their end of a run."""
