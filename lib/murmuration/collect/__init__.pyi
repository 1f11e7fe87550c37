from .importer import ImportOptions as ImportOptions
from .importer import Receipt as Receipt
from .importer import import_files as import_files
from .job import Progress as Progress

__all__ = ["ImportOptions", "Progress", "Receipt", "import_files"]
