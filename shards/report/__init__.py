"""The report: fragments drawn and composed into one HTML file."""
