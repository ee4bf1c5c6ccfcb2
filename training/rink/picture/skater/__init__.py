"""How a skater looks: figure, dress, and the pose that is drawn."""
