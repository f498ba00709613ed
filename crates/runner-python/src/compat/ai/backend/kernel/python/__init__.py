"""What Python code of a Backend.AI kernel imports, in its old place."""
