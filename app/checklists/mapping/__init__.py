"""Client workbooks of no known form: kept, mapped, corrected by clicks, made into drafts."""
