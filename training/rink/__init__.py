"""The simulated rink: a skater's motion from biomechanics, and the video and truth made from it.

World: metres and seconds, right-handed, z up, the ice is the plane z = 0, the rink is 60 m (x) by
30 m (y) and centred on the origin.
"""
