"""What is seen of a gateway from outside: health, figures, a word for each part."""
