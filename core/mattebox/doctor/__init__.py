"""What ``mattebox doctor`` finds besides Mattebox itself, and how it is told."""
