"""Builds agents from what is asked for in words: understood, specified, written, checked, put into service."""
