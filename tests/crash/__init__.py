"""Processes that are killed while they write, and a look at what they left. Run it: python -m tests.crash --help"""
