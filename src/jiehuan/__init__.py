"""jiehuan 借还: an open consumer-credit engine, from the application to the last cent."""

__version__ = "0.1.0"

if not __debug__:
    raise ImportError(
        "jiehuan does not run under `python -O` or PYTHONOPTIMIZE: its assertions are part of how "
        "the books are kept right. Start python without them."
    )
