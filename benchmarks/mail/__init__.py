"""A whole term's invitations through a mail server."""
