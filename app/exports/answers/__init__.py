"""The answers of many reports as one workbook or archive."""
