"""The programs that flows call, each in a process of its own."""
