"""Conversations: the life of one question, from the composer to the last citation."""
