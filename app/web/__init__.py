"""What every page shares: guards, fragments, errors, headers, filters. Imports no feature."""
