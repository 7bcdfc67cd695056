"""The tables as SQLAlchemy Core sees them, by subject. What is true of them is said by the revisions; a test compares both."""
