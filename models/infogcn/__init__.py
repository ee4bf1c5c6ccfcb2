"""InfoGCN (paper, Sec. II-C; Chi et al., CVPR 2022): the skeleton network."""
