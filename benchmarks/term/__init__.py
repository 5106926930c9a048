"""Opening a term for very many children: how fast, and what memory each process takes."""
