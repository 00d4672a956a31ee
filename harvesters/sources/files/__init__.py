"""Files that lie in folders: on the disk, and behind WebDAV."""
