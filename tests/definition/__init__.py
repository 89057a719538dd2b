"""Tests of the pure package app.definition: no app, no database."""
