"""Several nodes for real: `make cluster`. Its files are not called test_*, so `make test` leaves them out."""
