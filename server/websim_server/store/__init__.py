"""Runs that people share: kept by what they are, each under the beginning of its sha256."""
