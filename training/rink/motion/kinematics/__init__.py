"""How a body moves over the ice: curves, edges, joints, ground speed."""
