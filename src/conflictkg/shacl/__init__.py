"""SHACL: shapes and data in, typed findings out, each with the file and line to look at."""

from conflictkg.shacl.findings import Finding, Report, Severity
from conflictkg.shacl.reports import FORMATS, write_report
from conflictkg.shacl.validation import validate_graphs

__all__ = ["FORMATS", "Finding", "Report", "Severity", "validate_graphs", "write_report"]
