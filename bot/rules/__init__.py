"""What holds and what is counted: policies, quotas, reservations, charges; nothing is kept here."""
