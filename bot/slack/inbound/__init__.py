"""What Slack sends, by both transports: read at the edge, parsed, acked."""
