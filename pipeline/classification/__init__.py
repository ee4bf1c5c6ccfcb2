"""From frames and skeletons to scores and a verdict (paper, Sec. II-B to III-D)."""
