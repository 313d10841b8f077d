"""Standing in for Nuke where there is none: its script language, its knobs, its Python module."""
