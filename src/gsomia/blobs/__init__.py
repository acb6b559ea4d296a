"""Where sealed items lie: a local folder by default."""

from __future__ import annotations

from gsomia.blobs.local import LocalBlobs, sync_folder

__all__ = ["LocalBlobs", "sync_folder"]
