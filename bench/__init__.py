"""Performance as ratios, side by side in one run on one PostgreSQL. Never a test."""
