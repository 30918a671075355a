"""Bugs that somebody might well write, each put into a copy of the source: the machine must find every one."""
