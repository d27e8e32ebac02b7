"""Jobs: what runs side by side, where results are cached, and what they follow from."""
