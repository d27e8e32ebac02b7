"""Flat results for people: columns, tables and formats."""
