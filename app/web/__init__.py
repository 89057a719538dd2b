"""Code shared by all pages: guards, fragments, errors, headers, filters. Imports no feature."""
