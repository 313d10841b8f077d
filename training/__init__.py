"""How the unmixing network's weights were made: drawn scenes, training, evaluation."""
