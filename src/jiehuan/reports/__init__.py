"""One question a file, answered from the books."""
