"""What one service tells the others: the envelope and the event types."""
