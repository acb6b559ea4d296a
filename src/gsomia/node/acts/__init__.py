"""What is signed (protocol 3): statements, their types, and who must sign each.

`signed` is the statement and its batch; `types` says which officers sign which type, `bodies` reads what an act's
body holds, `elsewhere` prepares acts for keys that never lie on the node.
"""
