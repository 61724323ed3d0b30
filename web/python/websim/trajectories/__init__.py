"""Episodes as data: recorded, and written as others read them. One format a file."""
