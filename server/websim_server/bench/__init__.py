"""`websim bench`: how fast the page is on this machine."""
