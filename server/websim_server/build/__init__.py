"""What is made or fetched before anything can be served: `websim assets`."""
