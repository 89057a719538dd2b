"""Tests of the review of submitted reports."""
