"""Network definitions in torch, clean-room from the papers."""
