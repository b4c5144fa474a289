"""What is made of recordings because somebody asked: clips, other sizes, chapters."""
