"""What ranks consumed, logged while they run and proved afterwards from the closed form of the order."""
