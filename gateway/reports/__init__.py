"""Reports on what is on record: made of it again and again with the same result, as data, as a workbook, for paper."""
