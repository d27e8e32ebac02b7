"""Jobs: parallel runs, and results cached under a digest of their inputs."""
