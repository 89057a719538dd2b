"""Corrects completed reports: makes their next revision and tells what it changed."""
