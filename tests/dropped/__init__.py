"""Takes the customer out of one query or key after the other: some test must fail each time."""
