"""Commands about the law: agreements shown, checked, compared, exported, and what they let whom do.

`agreement` is the group, with `text`, `checks`, `export` and `foresight`; `routes` and `cases` are commands of their
own. `shared` is what they have in common (the law and record that are shipped or lie in a folder, instants, output),
`changes` how two versions differ, in words.
"""
