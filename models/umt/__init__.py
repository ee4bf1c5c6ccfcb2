"""Unmasked Teacher (paper, Sec. II-B; Li et al., ICCV 2023): a video ViT with joint attention."""
