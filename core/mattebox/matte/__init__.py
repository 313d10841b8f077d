"""Alpha algebra in linear light."""
