"""The checklist builder: a draft is made from nothing or edited, one change at a time.

The routes are on the blueprint of checklists, which imports them. Publishing belongs to
app.checklists.service.
"""
