"""Reading a plan and writing progress over HTTP, beside the plain way to do the same on the same server."""
