"""What a release is made of, by one command: ``make release`` (docs/releasing.md)."""
