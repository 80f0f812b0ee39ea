"""What is seen of a gateway from outside: health, a word for each part, a page for people."""
