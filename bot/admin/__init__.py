"""What admins set and see: defaults, quotas, models, pauses, usage, the audit, alarms."""
