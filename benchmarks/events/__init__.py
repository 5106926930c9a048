"""From the commit in one service to the effect in another, beside raw limits and four task queues."""
