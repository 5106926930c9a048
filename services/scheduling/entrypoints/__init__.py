"""Pages, JSON API, subscriptions and jobs."""
