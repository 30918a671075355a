"""A morning of a hundred managers on one node: `make load`. No file of it is called test_*: `make test` runs none."""
