"""The HTTP server: the demo page, and what it serves to the app beside the Web API."""
