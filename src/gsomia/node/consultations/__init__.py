"""Parties consult (Articles 5 and 20).

`opening` begins one, `steps` are its acts, `texts` its drafts and how two differ; `assessment`, `view_drafts` and
`assessing` make a common assessment with a view for each Party.
"""
