"""Figures of the documents: results kept in the repository, and the tables that are written from them."""

from .documents import documents, fill
from .record import RECORDS, Record, read_record, write_record

__all__ = ["RECORDS", "Record", "documents", "fill", "read_record", "write_record"]
