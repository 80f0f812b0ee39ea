"""What a person looks at and decides, and the only ways by which he does."""
