"""Charts of shares: as Slack draws them, and as pictures where it draws none."""
