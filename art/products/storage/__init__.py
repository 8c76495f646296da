"""Storage: willow, oak, glass and brass."""
