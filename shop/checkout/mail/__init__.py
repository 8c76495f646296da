"""E-mails about orders: rendering, the outbox and SMTP."""
