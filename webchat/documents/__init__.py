"""Collections of documents: upload, the queue of work, and finding passages."""
