"""What a node may put to the agreement as a question: facts, each with the record it rests on.

`asserted` makes them; `labels`, `levels` and `equivalents` are of marks, `words` of what may be typed.
"""
