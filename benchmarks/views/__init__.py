"""Views of pictures for contrastive, distilling and masked learning, beside those of other libraries."""
