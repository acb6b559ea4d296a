"""What a recorded act changes, in one place for one's own acts and a peer's.

`applying` calls the module of the act's kind. `registering` writes items and copies, `keyends` what a key's end
changes, `leftovers` notes sealed files that nobody may have any more, `passing` tells an originator what passes under
its consent.
"""
