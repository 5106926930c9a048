"""One function an intent, reactions to others' facts, read models."""
