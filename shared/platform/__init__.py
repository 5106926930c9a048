"""Each framework wrapped once: databases, queue, web, access."""
