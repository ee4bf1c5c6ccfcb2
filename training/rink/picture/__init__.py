"""The picture of the rink: a small software renderer, and everything it draws.

`figure` makes a person's surface from joints, `looks` dresses it, `raster` fills its triangles;
`arena` paints ice, boards and stands, `panorama` sees them from a camera's place once a shot;
`lens` and `graphics` do to the picture what a camera and a broadcaster do.
"""
