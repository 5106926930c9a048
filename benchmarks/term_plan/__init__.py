"""What it takes to draft a term, and how good the draft is."""
