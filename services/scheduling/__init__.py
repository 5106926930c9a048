"""Meetings, invitations and calendars."""
