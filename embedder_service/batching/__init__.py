"""What waits for the model, whose turn it is, and who is taken on."""
