"""What calendars cost: reading them, writing them, finding times."""
