"""Commands about the law: agreements shown, checked, compared, exported, and what they let whom do.

`shared` is what they have in common: the law and record that are shipped or lie in a folder, instants, output.
"""
