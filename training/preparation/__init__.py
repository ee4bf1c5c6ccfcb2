"""From raw videos to what the trainers read: the skater found, cropped, and their skeleton."""
