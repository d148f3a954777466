"""The folders that a photo lies in."""

# Folders deeper down, or with longer paths, are found by slower filters and not counted.
MAX_FOLDER_DEPTH = 24
MAX_FOLDER_BYTES = 512


def enclosing_folders(relative_path: str) -> list[str]:
    """The paths of the folders around it, from the outermost on."""
    found: list[str] = []
    end = relative_path.find("/", 1)
    while end > 0 and len(found) < MAX_FOLDER_DEPTH and len(relative_path[:end].encode()) <= MAX_FOLDER_BYTES:
        found.append(relative_path[:end])
        end = relative_path.find("/", end + 1)
    return found


def is_listed(path: str) -> bool:
    """Whether enclosing_folders names this folder."""
    return path.count("/") < MAX_FOLDER_DEPTH and len(path.encode()) <= MAX_FOLDER_BYTES
