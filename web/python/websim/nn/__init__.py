"""What learners are made of: layers, distributions, optimizers, running statistics."""
