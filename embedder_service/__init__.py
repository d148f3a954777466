"""The embedder: owns the model, turns texts and pictures into unit vectors."""
