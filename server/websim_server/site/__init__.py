"""What the server answers: the page, its files, the manifest: `websim serve`."""
