"""Flat results: columns that people see, tables, and the formats that commands print."""
