"""Operation: logs, health, and the check of a deployment before it serves."""
