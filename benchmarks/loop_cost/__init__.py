"""What the training loop costs beyond the model."""
