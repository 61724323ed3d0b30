"""Runs as others get them: links that carry a policy, and what is claimed, measured again."""
