"""The page on which a technician fills in a report, and the saving of each answer."""
