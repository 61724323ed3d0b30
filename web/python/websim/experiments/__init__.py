"""A run as a document: the robot, task, reward, world and learning that decide what happens."""
