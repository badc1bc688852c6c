"""What is known of tokens: roles of special ones, where words begin."""
