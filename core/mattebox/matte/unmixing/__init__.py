"""The learned unmixing network: its inputs, its layers, its weights."""
