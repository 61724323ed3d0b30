"""What drives an algorithm, and how a run is kept."""
