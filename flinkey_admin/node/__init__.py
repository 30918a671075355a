"""This installation itself: whether all is well with it, figures for those who watch it, copies of its data."""
