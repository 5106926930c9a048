"""Attendance, suspensions, quality assurance, concerns and the cohort."""
