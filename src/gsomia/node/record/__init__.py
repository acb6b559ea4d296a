"""What a node's store holds, and what it says; nothing is changed here.

`store_port` is what a node needs of its store, `stored`, `oral`, `order` and `sites` what lies in it. The others say
what it tells: of keys (`succession`, `keyholding`), logs (`lognames`), consents on file (`approval`), persons and
places (`access`), recalls (`recall_answers`), and a consultation's state by its rules (`consultation_rules`);
`beginnings` tells which id is meant by the beginning of it.
"""
