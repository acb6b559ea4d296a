"""A node reached by its address instead of its folder: over HTTPS, as one officer.

`asked` is what every command calls; `remote` is the connection, `session_file` a session to read by, `signing` signs
what the node prepared, `sending` brings a document up in pieces, `following` waits for what becomes of copies.
"""
