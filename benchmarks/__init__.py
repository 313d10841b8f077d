"""What only judges Mattebox: drawn shots, and how good, fast and frugal keying them is."""
