"""The search service: owns the index of photos, their facts and their vectors."""
