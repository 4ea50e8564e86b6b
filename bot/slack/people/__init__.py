"""Who somebody is, and who may see which conversation: asked of Slack, and remembered."""
