"""`websim author`: from words to a policy, by a tournament of rewards."""
